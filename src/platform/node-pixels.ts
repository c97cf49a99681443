import type { DrawnPixels } from './platform.ts'

/** Node has no canvas: always `undefined`. */
export const drawnPixels: (input: object) => DrawnPixels | undefined = () => undefined
