/** Nobody else is kept out: two processes in one folder are their user's own doing. */
export const claimFolder: (path: string) => Promise<() => void> = () => Promise.resolve(() => undefined)
