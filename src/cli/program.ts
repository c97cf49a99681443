import { Command } from 'commander'

import { version } from '../core/version.ts'
import { addEvaluate } from './evaluate.ts'
import { addExport } from './export.ts'
import { addInspect } from './inspect.ts'
import { addPredict } from './predict.ts'
import { addTrain } from './train.ts'
import { addWebAssets } from './web-assets.ts'

/** The commands. Parsing throws where the process would end: the caller chooses the exit code. */
export function createProgram(): Command {
  const program = new Command('onnx-finetune')
    .description(
      'Transfer learning of image classifiers on ONNX Runtime: pictures in folders in, a .onnx file out.',
    )
    .version(version)
    .exitOverride()
    .showHelpAfterError('(--help shows what there is)')
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  $ npx onnx-finetune train photos --out out\n' +
        '  $ npx onnx-finetune predict out/model.onnx new.jpg\n' +
        '\nExit codes: 0 done, 1 failed, 2 wrong options, 130 interrupted.',
    )
  addTrain(program)
  addPredict(program)
  addEvaluate(program)
  addExport(program)
  addInspect(program)
  addWebAssets(program)
  return program
}
