import type { Contender } from '../contender.ts'
import type { Name } from '../contenders.ts'
import type { Settings } from '../protocol.ts'

/** What one contender gave in one round. */
export interface Measurement {
  /** In the case's unit; less is better. */
  readonly value?: number | undefined
  /** Other numbers that come with it, by name. */
  readonly details?: Readonly<Record<string, number>> | undefined
  readonly absent?: string | undefined
}

/** Something to be measured, in rounds in which the contenders take turns. */
export interface Case {
  /** As `--only` names it. */
  readonly name: string
  readonly title: string
  readonly unit: 's' | 'ms' | 'MB'
  readonly contenders: readonly Name[]
  /** Ratio to the faster of PyTorch's settings that is asked for. */
  readonly target?: number | undefined
  /** At most so many rounds, where one is long. */
  readonly mostRounds?: number | undefined
  measure(contender: Contender, settings: Settings): Promise<Measurement>
}
