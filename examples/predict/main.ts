/**
 * A picture in, labels out, with a model that was exported before: `npm run example` writes one.
 *
 *     npx tsx --conditions=onnx-finetune-source examples/predict/main.ts out/transfer-learning/model.onnx bee.jpg ant.jpg
 */
import { loadClassifier } from 'onnx-finetune'

const [model, ...pictures] = process.argv.slice(2)
if (model === undefined || pictures.length === 0) {
  console.error('usage: main.ts <model.onnx> <pictures…>')
  process.exit(2)
}

// The file has the names of the classes and the preprocessing in it: nothing else is needed.
await using classifier = await loadClassifier(model)
for (const [index, predictions] of (await classifier.predictBatch(pictures, { topK: 3 })).entries()) {
  const percent = predictions.map(({ label, probability }) => `${label} ${(100 * probability).toFixed(1)} %`)
  console.log(`${pictures[index]!}: ${percent.join(', ')}`)
}
