/**
 * Ends a replica that is told to before it serves, while its file is still read. A process of number 1, as in a pod, has no default for
 * SIGTERM: it would be waited for until it is killed.
 */
export function endUnserved(): never {
  return process.exit(143);
}
