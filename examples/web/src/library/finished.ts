/** A finished model as files, and as a classifier. */
import {
  exportOnnx,
  loadClassifier,
  offerDownload,
  saveWeights,
  weightsMetadata,
  type Prediction,
  type Predictor,
} from 'onnx-finetune'

import { pageFolder } from '../storage/run-files.ts'
import type { TrainedModel } from './training.ts'

const onnxPath = `${pageFolder}/model.onnx`
const weightsPath = `${pageFolder}/model.safetensors`

/** Writes both files, where they outlast a reload. */
export async function saveModel({ model, classes, preprocessing }: TrainedModel): Promise<void> {
  await exportOnnx(model, { path: onnxPath, classes, preprocessing })
  await saveWeights(weightsPath, model, { metadata: weightsMetadata({ classes, preprocessing }) })
}

/** Offers one of the files as a download. */
export function downloadModel(kind: 'onnx' | 'safetensors', name: string): Promise<void> {
  return offerDownload(kind === 'onnx' ? onnxPath : weightsPath, `${name}.${kind}`)
}

export type { Prediction }

let classifier: Promise<Predictor> | undefined

/** What the finished model sees in a picture, or the pixels of a canvas. */
export async function classify(picture: Blob | ImageData): Promise<Prediction[]> {
  const predictor = await (classifier ??= loadClassifier(onnxPath, {
    device: 'wasm',
    threads: 1,
    warmUp: true,
  }))
  return predictor.predict(picture instanceof Blob ? new Uint8Array(await picture.arrayBuffer()) : picture)
}

/** Releases the classifier: the next picture is seen by the newest model. */
export async function closeClassifier(): Promise<void> {
  const open = classifier
  classifier = undefined
  await open?.then((predictor) => predictor.close()).catch(() => undefined)
}
