import { Generator } from 'onnx-finetune'

/** The items in a random order that is the same each time. */
export function shuffled<T>(items: readonly T[], seed = 0): T[] {
  return new Generator(seed).permutation(items.length).map((index) => items[index]!)
}
