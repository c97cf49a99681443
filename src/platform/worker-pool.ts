// A module of its own, to be loaded late: bundlers give a CommonJS package's names to `import … from` only.
export { pool } from 'workerpool'
