/** The name that an input, or a symbolic size, of the one step has in step `step` of an unrolled graph, from 0. */
export const inStep = (name: string, step: number): string => `${name}#${step}`
