import type { Directory } from "../call/directory.ts";
import type { Host } from "../call/host.ts";

/** The calling side of a command: a way to the services of an app, through what the runner connected. */
export async function openHost(app: string, directory: Directory): Promise<Host> {
  const [{ createHost }, { createMuxTransport }] = await Promise.all([
    import("../call/host.ts"),
    import("../transport/mux/index.ts"),
  ]);
  const mux = createMuxTransport();
  return createHost({
    self: { app, service: "", replica: undefined, topology: "" },
    directory,
    transports: { unix: mux, tcp: mux },
  });
}
