/** This library's version, as in package.json: files say by which one they were written. */
export const version = '0.1.0'
