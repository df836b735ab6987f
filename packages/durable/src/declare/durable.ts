import { type Context, type Handler, onStart, type Part, procedure, type StartContext } from "@hadron/core";
import {
  beside,
  type CallingSide,
  callThrough,
  HadronError,
  hostHere,
  isHadronError,
  type Offering,
  obeyInnerTime,
  pattern,
} from "@hadron/core/spi";
import { findStore } from "@hadron/resources/store";
import type { Limits } from "../owner/limits.ts";
import { Owner } from "../owner/owner.ts";
import { type Children, createProgramHost } from "../owner/program-host.ts";
import { Runs } from "../owner/runs.ts";
import { withProgram } from "../replay/program-of.ts";
import { logs } from "../verbs/logs.ts";
import { createOffers, type DurableService } from "./handle.ts";
import { type DurableOptions, toLimits } from "./options.ts";
import { createProcedures } from "./procedures.ts";

/** Of the time that a replica has to drain, what a step at work may take of it: then there is time to let go of runs. */
const GRACE_PART = 0.8;

/** What a durable service offers. */
export type Durable<I, O> = ((...input: unknown extends I ? [input?: I] : [input: I]) => Promise<O>) &
  Offering<DurableService<I, O>>;

/**
 * Makes a service of a durable program: a function whose execution is an event log. It survives a crash at any instruction,
 * and goes on where it was, in whichever replica. What it does outside it does in steps.
 *
 * `concurrency`, `rate` and `priority` say when its runs begin, across all replicas, and `retention` how long they are kept.
 *
 * The service's value starts runs and gives handles of them; called as a function, it is a run of its own, awaited.
 *
 * @example
 * export const order = service("order", durable(async (o: Order) => {
 *   const paid = await step("charge", ({ key }) => charge(o, key), { attempts: 5 });
 *   await Promise.race([hook("approved").next(), sleep("3d")]);
 *   return paid;
 * }), { replicas: 3 });
 * const one = await order.start(o, { id: `order/${o.id}` });
 * await one.result();
 */
export function durable<I = unknown, O = unknown>(
  program: (input: I) => O,
  options?: DurableOptions<NoInfer<I>>,
): Part<Durable<I, Awaited<O>>> {
  if (typeof program !== "function") {
    throw new HadronError("INVALID_DECLARATION", "durable(program): the program is not a function.");
  }
  const limits = toLimits(options);
  const part = pattern({
    name: "durable",
    children: {},
    needs: { uses: [logs] },
    offers: (service) => createOffers<I, Awaited<O>>(service),
    root: withProgram(() => createRoot(program, limits), program),
  });
  return part as unknown as Part<Durable<I, Awaited<O>>>;
}

function createRoot(program: (input: any) => unknown, limits: Limits): Handler {
  let runs: Runs | undefined;
  let working: Promise<void> | undefined;
  let isDurable: Children["isDurable"] = () => false;
  const started = (): Runs => {
    if (runs !== undefined) return runs;
    throw new HadronError("UNAVAILABLE", "The durable program has not started yet.", { unsent: true });
  };
  // Asked again, by the same call, it finds its run: another replica tells how that ends.
  const run = procedure({ idempotent: true }, async (input: unknown, { id, signal }: Context) => {
    await started().start(id, input);
    return started().result(id, signal);
  });
  return Object.assign(run, {
    [beside]: createProcedures(started, (service) => isDurable(service)),
    async [onStart]({ service, log, signal, clock, outside = "" }: StartContext) {
      obeyInnerTime();
      const host = hostHere();
      if (host === undefined) throw new HadronError("INTERNAL", "A durable program was started outside of a replica.");
      const client = await findStore(logs);
      const children = toChildren(host);
      isDurable = children.isDurable;
      const programHost = createProgramHost(host, children);
      const owner = new Owner({
        store: client,
        clock,
        log,
        program: service,
        limits,
        graceMs: GRACE_PART * (host.app?.services.get(service)?.topology.limits.drainMs ?? 0),
        signal,
        engine: {
          program: (input) => callThrough(programHost, () => program(input)),
          doorUrl: outside.replace(/\/+$/, ""),
          nextTurn: (next) => host.clock.nextTurn(next),
          outside: (work) => callThrough(host, work),
        },
      });
      runs = new Runs(client, clock, service, limits, owner);
      const stop = () => {
        if (isHadronError(signal.reason) && signal.reason.code === "UNAVAILABLE") owner.kill();
      };
      signal.addEventListener("abort", stop, { once: true });
      working = owner.work();
    },
    async [Symbol.asyncDispose]() {
      await working;
    },
  });
}

/** A call to a durable program from another is a run of its own: begun once, and told of when it is over. */
function toChildren(host: CallingSide): Children {
  return {
    isDurable: (service) => host.app?.services.get(service)?.topology.pattern === "durable",
    async begin(service, input, { key, signal }, parent, under) {
      await host.call(service, "start", { id: key, input, parent, under }, { signal });
    },
  };
}
