/**
 * Memory that a file may claim with few bytes of its own, given out until it is used up: what a hostile file can take
 * stays a small multiple of its size.
 */
export class Allowance {
  #left: number

  /** @param refuse - Makes the error that says what claims too much. */
  constructor(
    bytes: number,
    readonly refuse: () => Error,
  ) {
    this.#left = bytes
  }

  /** Throws once more is taken than there was. */
  take(bytes: number): void {
    this.#left -= bytes
    if (!(this.#left >= 0)) throw this.refuse()
  }
}
