import { createSystemClock } from "../../clock/system-clock.ts";
import { HadronError, toErrorData } from "../../errors.ts";
import { Scope } from "../../scope/scope.ts";
import { replyWith } from "../pump.ts";
import type { Dispatcher, Hello, IncomingCall, Reply } from "../transport.ts";

const CLOCK = createSystemClock();

/** Who calls, in these tests. */
export const SELF: Hello = { app: "app", service: "caller", replica: "caller.0", topology: "0123456789abcdef" };
/** Who is called. */
export const WANTED: Hello = { app: "app", service: "echo", replica: "echo.0", topology: "0123456789abcdef" };

export type Handler = (call: IncomingCall, scope: Scope) => unknown;

/** A serving side whose handlers are plain functions; it counts what it ran. */
export class TestDispatcher implements Dispatcher {
  readonly self: Hello;
  readonly clock = CLOCK;
  readonly maxInputBytes: number;
  readonly maxOutputBytes: number;
  readonly calls: IncomingCall[] = [];
  readonly scopes: Scope[] = [];
  readonly #handlers: Readonly<Record<string, Handler>>;

  constructor(handlers: Readonly<Record<string, Handler>>, options: Partial<Omit<Dispatcher, "dispatch">> = {}) {
    this.#handlers = handlers;
    this.self = options.self ?? WANTED;
    this.maxInputBytes = options.maxInputBytes ?? 256 * 1024 * 1024;
    this.maxOutputBytes = options.maxOutputBytes ?? 256 * 1024 * 1024;
  }

  dispatch(call: IncomingCall, reply: Reply): Scope {
    const deadlineAt = call.timeoutMs === undefined ? Number.POSITIVE_INFINITY : this.clock.now() + call.timeoutMs;
    const scope = new Scope({ clock: this.clock, deadlineAt, trace: call.trace });
    this.calls.push(call);
    this.scopes.push(scope);
    this.#run(call, scope).then(
      (output) => {
        scope.end();
        void replyWith(output, reply, scope);
      },
      (error) => {
        scope.end();
        reply.fail(toErrorData(error));
      },
    );
    return scope;
  }

  async #run(call: IncomingCall, scope: Scope): Promise<unknown> {
    const handler = this.#handlers[call.procedure];
    if (handler === undefined) throw new HadronError("UNKNOWN_PROCEDURE", `There is no "${call.procedure}".`);
    return handler(call, scope);
  }
}

/** A scope as a caller has it. */
export function callScope(timeoutMs = 30_000, trace?: string): Scope {
  return new Scope({ clock: CLOCK, deadlineAt: CLOCK.now() + timeoutMs, trace });
}

/** Resolves when a condition holds. Fails the test, with what it waited for, after ten seconds. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`Waited ten seconds until ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
