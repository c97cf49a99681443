import { beetle, butterfly, caterpillar, dragonfly, snail, spider } from './garden-animals.ts'
import { fly, grasshopper, mosquito, scorpion } from './garden-insects.ts'
import { flower, leaf, mushroom } from './garden-plants.ts'
import { ant, bee } from './insects.ts'
import type { Subject } from './parts.ts'

/** The classes of a generated data set: folder name to what its pictures show. */
export type Subjects = Readonly<Record<string, Subject>>

/** The tutorial's two classes. */
export const antsAndBees: Subjects = { ants: ant, bees: bee }

/** The source task of the small network's weights: thirteen classes, neither ants nor bees among them. */
export const garden: Subjects = {
  beetles: beetle,
  butterflies: butterfly,
  caterpillars: caterpillar,
  dragonflies: dragonfly,
  flies: fly,
  flowers: flower,
  grasshoppers: grasshopper,
  leaves: leaf,
  mosquitoes: mosquito,
  mushrooms: mushroom,
  scorpions: scorpion,
  snails: snail,
  spiders: spider,
}
