import type { Bench, BenchApp, Side } from "../harness.ts";

/** A caller in a process of its own, outside of the app, which reaches a service at an address of its first replica. */
export async function startCaller(b: Bench, app: BenchApp, service: string, address: string): Promise<Side> {
  const side = await b.start(new URL("./hadron-caller.side.ts", import.meta.url));
  await side.ask("connect", { app: app.name, service, address });
  return side;
}
