import { TableDirectory } from "../../call/directory/table-directory.ts";
import type { Clock } from "../../clock/clock.ts";
import type { FromReplica, ToReplica } from "./ipc.ts";

/** How long a caller waits to hear why a replica is gone. */
const REASON_TIMEOUT_MS = 250;

/** The directory of a replica under the local runner: the runner pushes it. */
export function createIpcDirectory(
  send: (message: FromReplica) => void,
  clock: Clock,
): {
  readonly directory: TableDirectory;
  readonly receive: (message: ToReplica) => void;
} {
  const directory = new TableDirectory();
  const asked = new Map<number, (reason: string | undefined) => void>();
  let nextId = 1;
  directory.onSuspect = (service, member) =>
    new Promise((resolve) => {
      const id = nextId++;
      const done = (reason: string | undefined) => {
        clock.cancel(timer);
        asked.delete(id);
        resolve(reason);
      };
      const timer = clock.after(REASON_TIMEOUT_MS, () => done(undefined));
      asked.set(id, done);
      send({ type: "suspect", id, service, name: member.name });
    });
  return {
    directory,
    receive(message) {
      if (message.type === "directory") {
        for (const [service, members] of Object.entries(message.services)) directory.set(service, members);
      } else if (message.type === "because") asked.get(message.id)?.(message.reason ?? undefined);
    },
  };
}
