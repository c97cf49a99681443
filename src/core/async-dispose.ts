type AsyncDispose = typeof Symbol.asyncDispose

const known: { readonly asyncDispose?: AsyncDispose } = Symbol

/**
 * What `await using` looks for: some browsers that are current have no `Symbol.asyncDispose`, and compilers take this symbol in its place.
 *
 * @see https://github.com/tc39/proposal-explicit-resource-management
 */
export const asyncDispose: AsyncDispose =
  known.asyncDispose ?? (Symbol.for('Symbol.asyncDispose') as AsyncDispose)
