import { HadronError } from "@hadron/core";
import type { CallingSide } from "@hadron/core/spi";
import type { Attempt } from "../engine/command.ts";
import { frameFor } from "../engine/frame.ts";
import { readRun } from "../log/calls.ts";
import type { Parent } from "../log/events.ts";
import { toTravellingKey } from "../log/travelling-key.ts";

/** Of one call, where nobody said. */
const CALL_MS = 30_000;
/** Before the second attempt of a call that may be tried again. */
const BACKOFF_MS = 500;

/** The procedures by which the caller of a durable program starts a child, and waits for it. */
export interface Children {
  /** Whether a service is a durable program, so that a call to it is a run of its own. */
  isDurable(service: string): boolean;
  /** Begins a run, once, that tells its parent of its end. `under`: the one with which it is cancelled. */
  begin(service: string, input: unknown, attempt: Attempt, parent: Parent, under: Parent | undefined): Promise<void>;
}

/** The calling side of a program: each call is a step by itself, and its key the call's id. */
export function createProgramHost(host: CallingSide, children: Children): CallingSide {
  return {
    self: host.self,
    clock: host.clock,
    app: host.app,
    given: host.given,
    log: host.log,
    onClose: (close) => host.onClose(close),
    count: (service) => host.count(service),
    call(service, procedure, input, options) {
      const name = procedure === undefined || procedure === service ? service : `${service}.${procedure}`;
      const frame = frameFor(`a call to ${name}`);
      const isChild = name === service && children.isDurable(service);
      const isStart = procedure === "start" && children.isDurable(service);
      const { execution, isShielded } = frame;
      const timeoutMs = options.timeoutMs ?? CALL_MS;
      return execution.command(
        {
          kind: "call",
          name,
          work: {
            attempts: 10,
            backoffMs: BACKOFF_MS,
            timeoutMs: timeoutMs + BACKOFF_MS,
            onDoubt: "retry",
            retries: isTransient,
            isBegun: isChild,
            do: (attempt) => {
              const { key, signal, command } = attempt;
              const parent = { ...readRun(execution.run), command };
              const under = isShielded ? undefined : parent;
              if (isChild) return children.begin(service, input, attempt, parent, under);
              return host.call(service, procedure, isStart ? startedUnder(input, under) : input, {
                ...options,
                timeoutMs,
                signal,
                id: options.id ?? toTravellingKey(key),
              });
            },
          },
        },
        isShielded,
      );
    },
    address: () =>
      Promise.reject(
        new HadronError("FAILED_PRECONDITION", "A program asks where something is within a step: step(name, …)."),
      ),
  };
}

/** What a program starts is cancelled with it, unless it says otherwise. */
function startedUnder(input: unknown, under: Parent | undefined): unknown {
  const { abandon, ...start } = input as { readonly abandon?: boolean };
  return abandon === true ? start : { ...start, under };
}

function isTransient(error: unknown): boolean {
  return error instanceof HadronError && error.retryable;
}
