import { readFileSync } from "node:fs";
import {
  asOf,
  type Certificate,
  createHost,
  createMuxTransport,
  createServer,
  DnsDirectory,
  type Door,
  healthRoutes,
  replyWith,
  TlsDoor,
} from "@hadron/core/serving";
import {
  type Clockwork,
  createSystemClock,
  type Dispatcher,
  HadronError,
  type IncomingCall,
  isHadronError,
  Scope,
  toErrorData,
} from "@hadron/core/spi";
import { EXPOSED_PORT } from "../../replica/layout.ts";
import type { IngressSettings } from "../names/ingress-form.ts";
import { ask } from "../world/probe.ts";
import type { Passing } from "./passing.ts";

const DESCRIBE_AGAIN_MS = 2_000;
const DEFAULT_TIMEOUT_MS = 30_000;

/**
 * Takes calls as a replica would, and passes each on to one that is ready, by our own protocol: a replica that drains
 * says so there, so that a call that it did not take goes to another, and none is made twice. Passing HTTP on as it is
 * could not tell a request that was lost on its way from one that a dying replica was at.
 */
export function passCalls(settings: IngressSettings, port: number): Passing {
  const { app, service, web, webPaths, limits } = settings;
  const self = { app, service, replica: `${service}.ingress`, topology: "" };
  const directory = new DnsDirectory({
    topology: { services: [{ name: service, sharded: false, replicas: 1 }] },
    names: { "*": { any: `{service}:${port}` } },
    counts: {},
  });
  // Whoever calls through it comes from outside.
  const outside = { app, service: "", replica: undefined, topology: "" };
  const clock = createSystemClock();
  const host = createHost({ self: outside, clock, directory, transports: { tcp: createMuxTransport(clock) } });
  const work = new CallsAtWork();
  const dispatcher: Dispatcher = {
    self,
    clock,
    maxInputBytes: limits.inputBytes,
    maxOutputBytes: limits.outputBytes,
    dispatch: (call, reply) => {
      const scope = toScope(call, clock);
      // What a replica can be asked beside its procedures is for those inside, as whom it would take us.
      if (call.procedure.startsWith("hadron.")) {
        scope.end();
        reply.fail(toErrorData(new HadronError("UNKNOWN_PROCEDURE", `"${service}" has no such procedure.`)));
        return scope;
      }
      work.begin();
      host
        .channel(service)
        .callAny(call.procedure, call.input, scope)
        .then(
          (output) => replyWith(output, reply, scope),
          (error: unknown) => reply.fail(toErrorData(toHadronError(error))),
        )
        .finally(() => {
          scope.end();
          work.end();
        });
      return scope;
    },
  };
  const description = describe(service);
  const server = createServer({ dispatcher, idle: () => work.idle(), discover: () => description.document });
  const door = server.createDoor({
    exposed: true,
    web,
    webPaths,
    routes: web !== undefined && webPaths === undefined ? [] : healthRoutes(() => !server.draining),
  });
  const tls = settings.tls === undefined ? undefined : openTls(settings.tls.file, clock, door);
  return {
    take: (socket, client) => {
      if (tls === undefined) door.take(asOf(socket, client));
      else tls.take(socket, client);
    },
    async drain(withinMs) {
      await tls?.drain(withinMs);
      await server.drain(withinMs);
      host.close();
    },
  };
}

/** One certificate for all hosts. Another one is another program's. */
function openTls(file: string, clock: Clockwork, door: Door): TlsDoor {
  const certificate: Certificate = { ...JSON.parse(readFileSync(file, "utf8")), goodForMs: Number.POSITIVE_INFINITY };
  return new TlsDoor(async () => certificate, clock, {
    http1: (socket) => door.take(socket),
    http2: (socket) => door.takeHttp2(socket),
  });
}

function toScope({ timeoutMs, trace, meta }: IncomingCall, clock: Clockwork): Scope {
  return new Scope({ clock, deadlineAt: clock.now() + (timeoutMs ?? DEFAULT_TIMEOUT_MS), trace, meta });
}

function toHadronError(error: unknown): HadronError {
  if (isHadronError(error)) return error;
  return new HadronError("INTERNAL", `The ingress failed: ${error instanceof Error ? error.message : String(error)}`, {
    cause: error,
  });
}

/** Counts them. */
class CallsAtWork {
  #count = 0;
  readonly #waiting: (() => void)[] = [];

  begin(): void {
    this.#count++;
  }

  end(): void {
    if (--this.#count === 0) for (const resolve of this.#waiting.splice(0)) resolve();
  }

  async idle(): Promise<void> {
    if (this.#count > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

/** Keeps what the replicas say of themselves: `rpc.discover` is answered at once, and they may be others by now. */
function describe(service: string): { readonly document: unknown } {
  const description: { document: unknown } = {
    document: { openrpc: "1.3.2", info: { title: service, version: "0" }, methods: [] },
  };
  const look = async () => {
    const body = JSON.stringify({ jsonrpc: "2.0", method: "rpc.discover", id: 1 });
    const answer = await ask({ host: service, port: EXPOSED_PORT, path: "/" }, body);
    if (answer?.status !== 200) return;
    try {
      description.document = JSON.parse(answer.text).result;
    } catch {
      // Cut short by a replica that went: the next look finds another.
    }
  };
  void look();
  setInterval(look, DESCRIBE_AGAIN_MS).unref();
  return description;
}
