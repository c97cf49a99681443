/** Whether to run what takes long and is covered, in shorter ways, by other tests too. */
export const isSlow = Boolean(process.env.SLOW_TESTS)

/** A test's title that says how to run it, where it's skipped. */
export const slowTitle = (title: string): string => (isSlow ? title : `${title} (SLOW_TESTS=1)`)
