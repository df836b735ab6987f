import { type Context, HadronError, type Handler, procedure } from "@hadron/core";
import type { RunState } from "@hadron/resources/store";
import { createDoor } from "../door/door.ts";
import { createExternalDoor } from "../external/door.ts";
import { createWebhooks } from "../hooks/webhook.ts";
import type { Parent } from "../log/events.ts";
import { toLogged } from "../log/values.ts";
import type { Runs } from "../owner/runs.ts";

/** Of a list, where nobody said. */
const LIMIT = 100;
const MOST_LISTED = 1000;

interface OfRun {
  readonly id: string;
}
interface Start {
  readonly input?: unknown;
  readonly id?: string;
  readonly parent?: Parent;
  readonly under?: Parent;
}
interface Send extends OfRun {
  readonly hook: string;
  readonly value?: unknown;
  readonly key?: string;
  readonly start?: unknown;
}

/** Done twice they do no more than once. */
const idempotent = { idempotent: true } as const;

/** What a durable service can be asked beside running its program: from inside, and by JSON-RPC from outside. */
export function createProcedures(
  runs: () => Runs,
  isDurable: (service: string) => boolean,
): Readonly<Record<string, Handler>> {
  return {
    start: procedure(idempotent, ({ input, id, parent, under }: Start, { id: callId, caller }: Context) =>
      // Of whom a run tells its end, and with whom it is cancelled, only another program says.
      runs().start(id ?? callId, input, caller?.service === undefined ? {} : { parent, under }),
    ),
    result: procedure(idempotent, ({ id }: OfRun, { signal }: Context) => runs().result(id, signal)),
    status: procedure(idempotent, ({ id }: OfRun) => runs().status(id)),
    at: procedure(idempotent, ({ id, n }: OfRun & { n: number }) => runs().at(id, n)),
    send: procedure(idempotent, async (send: Send, context: Context) => {
      const { id, hook, value, key = context.id } = send;
      if (typeof hook !== "string")
        throw new HadronError("INVALID_INPUT", `hook is ${typeof hook}, and should be a name.`);
      if (Object.hasOwn(send, "start")) await runs().start(id, send.start);
      return runs().tell(id, { kind: "send", hook, value: toLogged(value, `the message for ${hook}`) }, `send ${key}`);
    }),
    cancel: procedure(
      idempotent,
      async ({ id, reason = "no reason was given" }: OfRun & { reason?: string }, call: Context) => {
        await runs().tell(id, { kind: "cancel", reason: String(reason) }, call.id);
      },
    ),
    kill: procedure(idempotent, async ({ id }: OfRun, call: Context) => {
      await runs().tell(id, { kind: "kill" }, call.id);
      // Of a paused run nobody would look at its messages.
      await runs().resume(id);
    }),
    pause: procedure(idempotent, async ({ id }: OfRun, call: Context) => {
      await runs().tell(id, { kind: "pause" }, call.id);
    }),
    resume: procedure(idempotent, async ({ id }: OfRun) => {
      await runs().resume(id);
    }),
    fork: procedure(idempotent, ({ id, at, newId }: OfRun & { at: number; newId: string }) =>
      runs().fork(id, at, newId),
    ),
    events: ({ id, from = 0 }: OfRun & { from?: number }, { signal }: Context) => runs().events(id, from, signal),
    children: procedure(idempotent, ({ id }: OfRun) => runs().children(id, isDurable)),
    web: createDoor({ hooks: createWebhooks(runs), external: createExternalDoor(() => runs().store) }),
    list: procedure(
      idempotent,
      ({ state, from, limit = LIMIT }: { state?: RunState; from?: string; limit?: number } = {}) =>
        runs().list({ state, from, limit: Math.min(limit, MOST_LISTED) }),
    ),
  };
}
