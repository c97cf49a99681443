import { expect, it } from 'vitest'

import {
  Graph,
  Tensor,
  TrainingSession,
  differentiate,
  nn,
  ops,
  optim,
  registerOp,
  type Value,
} from '../../src/index.ts'
import { expectClose, runGraph } from '../nn/run-graph.ts'
import { testDevice } from '../support/device.ts'

/** An operator that ONNX has and this library gives no rule: x · tanh(ln(1 + e^x)). */
function mish(x: Value): Value {
  return x.graph.add('Mish', [x], {}, [x]).output()
}

/** One that ONNX lacks: x · sigmoid(β · x). */
function swish(x: Value, beta: Value): Value {
  return x.graph.add('example.Swish', [x, beta], {}, [x]).output()
}

registerOp({
  type: 'Mish',
  gradient: (node, [dy]) => {
    const x = node.input(0)
    const t = ops.tanh(ops.log(ops.add(ops.exp(x), 1)))
    const slope = ops.mul(ops.mul(x, ops.sub(1, ops.mul(t, t))), ops.sigmoid(x))
    return [ops.mul(dy!, ops.add(t, slope))]
  },
})

registerOp({
  type: 'example.Swish',
  lower: (node) => [ops.mul(node.input(0), ops.sigmoid(ops.mul(node.input(0), node.input(1))))],
  gradient: (node, [dy], needs) => {
    const [x, beta, y] = [node.input(0), node.input(1), node.output()]
    const gate = ops.sigmoid(ops.mul(x, beta))
    const inner = ops.mul(dy!, ops.mul(y, ops.sub(1, gate)))
    return [
      needs[0] ? ops.add(ops.mul(dy!, gate), ops.mul(inner, beta)) : undefined,
      needs[1] ? ops.reduceSum(ops.mul(inner, x)) : undefined,
    ]
  },
})

/** A layer of the caller's own with a trainable β. */
class Swish extends nn.Module {
  readonly beta = new nn.Parameter(Tensor.from(1))

  forward(x: Value): Value {
    return swish(x, this.parameter(x, this.beta))
  }
}

it("differentiates an operator of the caller's own", async () => {
  const graph = new Graph()
  const x = graph.input('x', 'float32', ['N'])
  const y = mish(x)
  const dx = differentiate(ops.reduceSum(y), [x]).get(x)!
  const [output, gradient] = await runGraph([y, dx], { x: Tensor.from([-3, -0.5, 0, 1, 4]) })
  // torch.nn.functional.mish and its gradient, PyTorch 1.13.
  expectClose(output!, Tensor.from([-0.1456475, -0.2207438, 0, 0.8650984, 3.997413]), 'y')
  expectClose(gradient!, Tensor.from([-0.0933931, 0.2895106, 0.6, 1.049036, 1.004433]), 'dx')
})

it("trains a layer made of an operator of the caller's own as PyTorch does", async () => {
  const linear = new nn.Linear(2, 1)
  linear.weight.tensor = Tensor.from([[0.5, -1]])
  linear.bias!.tensor = Tensor.from([0.25])
  const activation = new Swish()
  const model = new nn.Sequential(linear, activation)
  await using session = await TrainingSession.create(model, {
    criterion: new nn.MSELoss(),
    optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
    device: testDevice,
  })
  const inputs = Tensor.from([
    [1, 2],
    [-1, 0.5],
    [3, -2],
  ])
  const losses: number[] = []
  for (let step = 0; step < 5; step++) {
    const { loss } = await session.trainStep(inputs, Tensor.from([[1], [0.5], [2]]))
    losses.push(loss)
  }
  await session.pull()
  // PyTorch 1.13: y = h * torch.sigmoid(beta * h) with h = x @ w.T + b, and torch.optim.SGD.
  const expected = [1.6503674, 0.6966744, 0.6819745, 0.6729665, 0.6645263]
  expectClose(Tensor.from(losses), Tensor.from(expected), 'losses')
  expect(Number(activation.beta.tensor.data[0])).toBeCloseTo(1.0921461, 5)
})
