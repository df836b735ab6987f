import type * as Replica from "./replica.ts";

/*
 * What serves, loaded by a process that turns out to be a replica: whoever deploys or tests is spared it. A bundle has
 * `replica.ts` in place of this file (`at-once.ts` of @hadron/runners): it always is one, and what a bundle loads late is
 * wrapped, with all that it imports, in functions that cost a tenth of its size.
 */

export const startReplica: typeof Replica.startReplica = async (services, call) =>
  (await import("./replica.ts")).startReplica(services, call);

export function refuse(error: unknown): void {
  void import("./replica.ts").then((replica) => replica.refuse(error));
}
