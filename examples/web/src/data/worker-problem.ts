/** What went wrong in a worker of the page. Of one that couldn't be loaded at all the browser says nothing. */
export function workerProblem({ message }: ErrorEvent): string {
  return (
    message ||
    "the browser could not load it. Is the server there? If it sends a Content-Security-Policy, that must allow workers, as in “worker-src 'self'”"
  )
}
