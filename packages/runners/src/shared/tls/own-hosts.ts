/** The names of this machine that every client knows; whoever asks for an address gets these. */
export const OWN_HOSTS = ["localhost", "127.0.0.1", "::1"];

/** Whether a name is below that of this machine. */
export function isBelowLocalhost(host: string): boolean {
  return /^(?:[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d_])?\.)+localhost$/.test(host);
}
