/** Prints a line as a replica does, so that the runner waits for an ingress in the same way. */
export function say(event: string, fields: Readonly<Record<string, unknown>> = {}): void {
  console.log(JSON.stringify({ time: new Date().toISOString(), level: "info", message: event, event, ...fields }));
}
