import type { Directory } from "../call/directory.ts";
import type { Host } from "../call/host.ts";

/** The calling side of a command: a way to the services of an app, through what its runner connected. */
export async function openHost(app: string, directory: Directory): Promise<Host> {
  const [{ createHost }, { createOutsideTransports }] = await Promise.all([
    import("../call/host.ts"),
    import("../transport/outside.ts"),
  ]);
  const self = { app, service: "", replica: undefined, topology: "" };
  return createHost({ self, directory, transports: createOutsideTransports() });
}

/** The same for any JSON-RPC 2.0 server at a URL; whatever is called as a service is found there. */
export async function openUrl(url: string): Promise<Host> {
  const { TableDirectory } = await import("../call/table-directory.ts");
  const there = { ordinal: -1, name: url, address: url, state: "ready", reason: undefined } as const;
  const directory = new TableDirectory();
  directory.set(url, [there]);
  return openHost("", directory);
}
