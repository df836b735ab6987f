import { TableDirectory } from "../../call/directory/table-directory.ts";
import { createHost, type Host } from "../../call/host/host.ts";
import type { Clockwork } from "../../clock/clockwork.ts";
import type { App } from "../../describe/compose/app.ts";
import { replicaName } from "../../describe/topology.ts";
import { createLog } from "../../serve/log.ts";
import { createReplica } from "../../serve/replica-server.ts";
import { createMemoryTransport, MemoryRegistry } from "../../transport/memory/memory.ts";

/** A hidden service that this process runs for itself, on what the app kept. */
export interface KeeperHere extends AsyncDisposable {
  readonly host: Host;
}

/**
 * Runs the one replica of a hidden service in this process, on the folder in which it keeps its data, while nothing of the app runs:
 * what is kept can be looked at without starting what would work on it. FAILED_PRECONDITION where another process has the folder.
 */
export async function startKeeperHere(
  app: App,
  service: string,
  storage: string,
  clock: Clockwork,
): Promise<KeeperHere> {
  // It is no revision of the app that comes: what it declares is not written down.
  const { topology } = app;
  const seen: App = { ...app, resources: [] };
  const registry = new MemoryRegistry(clock);
  const directory = new TableDirectory();
  const name = replicaName(service, 0);
  const self = { app: topology.app, service, replica: name, topology: "" };
  const host = createHost({
    self,
    clock,
    directory,
    app: seen,
    transports: { memory: createMemoryTransport(registry) },
  });
  const log = createLog(name, () => {}, clock);
  const { dispatcher, life } = createReplica({
    app: seen,
    host,
    self,
    service,
    ordinal: 0,
    log,
    revision: "",
    count: () => 1,
    storage,
  });
  try {
    await life.start();
  } catch (error) {
    host.close();
    throw error;
  }
  const endpoint = registry.listen(name, dispatcher);
  directory.set(service, [{ name, ordinal: 0, address: `memory:${name}`, state: "ready", reason: undefined }]);
  return {
    host,
    async [Symbol.asyncDispose]() {
      life.stop();
      endpoint.close();
      await life.dispose();
      host.close();
    },
  };
}
