type Phase = 'train' | 'val'

/** How fast it goes, and how long it will take. */
export class Pace {
  /** Seconds a picture, by phase; the newest weigh most. */
  readonly #seconds: Partial<Record<Phase, number>> = {}
  #counts: Readonly<Record<Phase, number>> = { train: 1, val: 0 }
  #last: number | undefined
  #current: Phase = 'train'

  /** Pictures of an epoch. */
  setCounts(counts: Readonly<Record<Phase, number>>): void {
    this.#counts = counts
  }

  /** The time up to now doesn't count. */
  interrupt(): void {
    this.#last = undefined
  }

  /** Some pictures are done. */
  count(phase: Phase, pictures: number): void {
    const now = performance.now()
    if (this.#last !== undefined && phase === this.#current) {
      const each = (now - this.#last) / 1000 / pictures
      const before = this.#seconds[phase] ?? each
      this.#seconds[phase] = before + 0.1 * (each - before)
    }
    this.#last = now
    this.#current = phase
  }

  /** In training. */
  get picturesPerSecond(): number {
    const { train } = this.#seconds
    return train ? 1 / train : 0
  }

  /** How far it is with a share `done` of a phase. Looking at a picture takes about a third of learning from it. */
  estimate(
    epoch: number,
    epochs: number,
    phase: Phase,
    done: number,
  ): { share: number; secondsLeft: number | undefined } {
    const { train, val = train === undefined ? undefined : train / 3 } = this.#seconds
    const [trainTime, valTime] = [(train ?? 3) * this.#counts.train, (val ?? 1) * this.#counts.val]
    const whole = epochs * (trainTime + valTime)
    const ready =
      epoch * (trainTime + valTime) + (phase === 'train' ? done * trainTime : trainTime + done * valTime)
    return { share: ready / whole, secondsLeft: train === undefined ? undefined : whole - ready }
  }
}
