import { expect, it } from 'vitest'

import { exampleTimeout, runExample } from './run-example.ts'

it(
  'exports six forms of a model, which agree with it',
  async () => {
    const { output } = await runExample('export')
    const lines = [...output.matchAll(/^(\S+) +([\d.]+) MB, .*: agrees on (\d+) of 60$/gm)]
    const sizes = new Map(lines.map(([, name, size]) => [name!, Number(size)]))
    expect([...sizes.keys()]).toEqual([
      'float32.onnx',
      'float16.onnx',
      'int8.onnx',
      'pictures-in.onnx',
      'opset-13.onnx',
      'weights-apart.onnx',
    ])
    expect(sizes.get('float16.onnx')! / sizes.get('float32.onnx')!).toBeLessThan(0.6)
    expect(sizes.get('int8.onnx')! / sizes.get('float32.onnx')!).toBeLessThan(0.35)
    for (const [, name, , agreeing] of lines) {
      const isExact = ['float32.onnx', 'opset-13.onnx', 'weights-apart.onnx'].includes(name!)
      expect(Number(agreeing), name).toBeGreaterThanOrEqual(isExact ? 60 : 55)
    }
  },
  exampleTimeout,
)
