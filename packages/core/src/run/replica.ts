import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { dirname, resolve } from "node:path";
import { addressesByName, addressesOfMembers, toAddress } from "../call/directory/addresses.ts";
import { DnsDirectory } from "../call/directory/dns-directory.ts";
import { createHost, type Host } from "../call/host/host.ts";
import { offerHost } from "../call/host/outside.ts";
import type { Clock } from "../clock/clock.ts";
import { createSystemClock } from "../clock/system-clock.ts";
import type { Started } from "../declare/life.ts";
import type { App } from "../describe/compose/app.ts";
import { compose } from "../describe/compose/compose.ts";
import { firstDifference, hashTopology, type Topology } from "../describe/topology.ts";
import { HadronError, inWords, toErrorData } from "../errors.ts";
import { CAPTURES_FILE } from "../given/capture-record.ts";
import { createLog } from "../serve/log.ts";
import { readGiven } from "../serve/read-given.ts";
import { ReplicaServer } from "../serve/replica-server.ts";
import type { Certificate } from "../serve/tls/certificate.ts";
import { createMuxTransport } from "../transport/mux/index.ts";
import { own } from "../values/own.ts";
import { traceOf } from "../values/trace-of.ts";
import { CountsFile } from "./counts-file.ts";
import { endUnserved } from "./early-end.ts";
import { calledTwice } from "./entry-file.ts";
import { hostOf, type ReplicaEnvironment, readEnvironment } from "./environment.ts";
import { watchForHang } from "./hang-watch.ts";
import type { FromReplica, ToReplica } from "./ipc/ipc.ts";
import { createIpcDirectory } from "./ipc/ipc-directory.ts";
import { passBytes } from "./pass-bytes.ts";

let environment: ReplicaEnvironment | undefined;
/** Takes the values of secrets out of a text, as soon as they are known. */
let hide = (text: string) => text;

/** What run() does in a replica: serves it, and never returns. An app that another file's run() made is not ours. */
export async function startReplica(services: readonly unknown[], call: number): Promise<void> {
  try {
    environment ??= takeEnvironment();
    if (call < environment.runCall) return;
    if (environment.check) return check(environment, services, call);
    if (call > environment.runCall) throw calledTwice("This file");
    await serve(environment, services);
  } catch (error) {
    refuse(error);
  }
  return new Promise(() => {});
}

/** The values of captured secrets, which are taken out of the environment with the rest that is ours. */
let givenEnvironment: Readonly<Record<string, string | undefined>> = {};

/** I12: here a replica reads its environment, once. Reads the contract, and takes it out of the environment: a process that a handler starts is no replica. */
function takeEnvironment(): ReplicaEnvironment {
  const read = readEnvironment(process.env);
  givenEnvironment = { ...process.env };
  for (const name of Object.keys(process.env)) if (name.startsWith("HADRON_")) delete process.env[name];
  if (process.env.NODE_COMPILE_CACHE === read.compiled) delete process.env.NODE_COMPILE_CACHE;
  return read;
}

/** The text of the captured values that were deployed with the topology, or undefined. */
function capturesBeside({ topologyPath }: ReplicaEnvironment): string | undefined {
  try {
    return readFileSync(resolve(dirname(process.argv[1] ?? "."), dirname(topologyPath), CAPTURES_FILE), "utf8");
  } catch {
    return undefined; // An app without any has no such file; that one is missing is told by its name.
  }
}

/** I1: a replica serves the topology that was deployed, and no other. */
function composeAsDeployed(environment: ReplicaEnvironment, services: readonly unknown[]): App {
  const path = resolve(dirname(process.argv[1] ?? "."), environment.topologyPath);
  const deployed = JSON.parse(readFileSync(path, "utf8")) as Topology;
  const app = compose(environment.app, services, deployed.choices);
  const difference = firstDifference(deployed, app.topology);
  if (difference === undefined) return app;
  throw new HadronError(
    "TOPOLOGY_MISMATCH",
    `This replica declares another app than was deployed: ${difference}. The app file must declare the same each time it ` +
      "runs: no clock, chance, or machine's own settings in declarations. What is only known where it is deployed can be " +
      'kept with capture("NAME", () => …) of @hadron/resources, and read in handlers.',
  );
}

/** Says whether a replica would start, once the file has had the time to call run() again. */
function check(environment: ReplicaEnvironment, services: readonly unknown[], call: number): void {
  if (call > environment.runCall) return finish({ error: toErrorData(calledTwice("This file")) }, 2);
  try {
    composeAsDeployed(environment, services);
    setImmediate(() => finish({ ok: true }, 0));
  } catch (error) {
    finish({ error: toErrorData(error) }, 3);
  }
}

function finish(outcome: unknown, status: number): never {
  process.stdout.write(`${JSON.stringify(outcome)}\n`, () => process.exit(status));
  return undefined as never;
}

async function serve(environment: ReplicaEnvironment, services: readonly unknown[]): Promise<void> {
  const app = composeAsDeployed(environment, services);
  const { service, name, ordinal, revision } = environment;
  const clock = createSystemClock();
  const given = readGiven(app, service, givenEnvironment, capturesBeside(environment));
  hide = (text) => given.hide(text);
  const log = createLog(name, (line) => process.stdout.write(`${given.hide(line)}\n`), clock);
  const self = {
    app: environment.app,
    service,
    replica: name,
    topology: environment.topologyHash ?? hashTopology(app.topology),
  };
  const mux = createMuxTransport(clock);
  const ipc = environment.peers === "ipc" ? connectRunner(clock) : undefined;
  const dns =
    environment.peers === "ipc"
      ? undefined
      : new DnsDirectory({ topology: app.topology, names: environment.peers, counts: environment.counts, clock });
  const directory = (ipc?.directory ?? dns)!;
  const addresses =
    ipc === undefined ? addressesByName((of) => hostOf(environment, of)) : addressesOfMembers(directory);
  const host: Host = createHost({
    addresses,
    self,
    clock,
    directory,
    transports: { unix: mux, tcp: mux },
    app,
    ordinal,
    given,
  });
  offerHost(host);

  const declared = app.topology.services.find((one) => one.name === service)!.replicas;
  let counts = environment.counts;
  const takeCounts = (news: Readonly<Record<string, number>>) => {
    counts = { ...counts, ...news };
    dns?.setCounts(news);
  };
  if (environment.countsFile !== undefined) new CountsFile(environment.countsFile, takeCounts);
  const count = () =>
    (ipc === undefined ? undefined : ipc.directory.members(service).length || undefined) ??
    own(counts, service) ??
    declared;

  const storage = environment.storage ?? app.services.get(service)?.topology.storage?.path;
  const server = new ReplicaServer({
    app,
    host,
    self,
    service,
    ordinal,
    log,
    revision,
    count,
    storage,
    appFolder: environment.appFolder,
    outside: environment.outside,
    certificates: ipc?.certificates,
  });
  const { drainMs } = app.topology.services.find((one) => one.name === service)!.limits;
  const drain = stopper(server, { drainMs, leaveMs: environment.leaveMs ?? 0 }, host, log, ipc?.send);
  let started: Started = {};
  const [mainPort = ""] = Object.keys(app.services.get(service)?.topology.image?.ports ?? {});
  const take = (socket: Socket) => {
    const own = started.addresses?.[mainPort];
    if (own === undefined) server.take(socket);
    else passBytes(socket, toAddress(own));
  };
  ipc?.serve(server, drain, take);
  process.on("SIGTERM", drain);
  process.off("SIGTERM", endUnserved);
  // What a start waits for, such as its signal, need not hold the process; nothing else does before it listens.
  const held = clock.every(60_000, () => {});
  try {
    started = await server.start();
  } catch (error) {
    if (!server.draining) throw error;
    log.info(`stopped while it started: ${inWords(error)}`, { event: "stopped" });
  }
  // Told to stop while it started: that is what goes on.
  if (server.draining) return;
  await server.listen(environment.listen, { exposed: false, counts: takeCounts });
  const exposed = await server.listen(environment.expose, { exposed: true });
  clock.cancel(held);
  server.ready();
  ipc?.send({ type: "ready", exposed, addresses: started.addresses });
  log.info("ready", { event: "ready", exposed });
  if (environment.hangMs !== undefined) watchForHang(name, environment.hangMs, clock);
}

/** Drains once, whoever asks for it and how often. */
function stopper(
  server: ReplicaServer,
  { drainMs, leaveMs }: { readonly drainMs: number; readonly leaveMs: number },
  host: Host,
  log: ReturnType<typeof createLog>,
  send: ((message: FromReplica) => void) | undefined,
): () => void {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    send?.({ type: "draining" });
    log.info("draining", { event: "draining", inFlight: server.dispatcher.inFlight });
    server
      .leave(leaveMs)
      .then(() => server.drain(drainMs))
      .then((done) => {
        if (!done)
          log.warn(`stopped with ${server.dispatcher.inFlight} calls at work after ${drainMs} ms`, { event: "cut" });
        host.close();
        process.exit(0);
      }, refuse);
  };
}

/** The channel to the local runner. Without it a replica has no purpose: it ends when the runner is gone. */
function connectRunner(clock: Clock) {
  const send = (message: FromReplica) => {
    if (process.connected) process.send!(message);
  };
  const { directory, receive } = createIpcDirectory(send, clock);
  process.on("message", receive);
  process.on("disconnect", () => process.exit(0));
  // Ctrl-C in a terminal goes to every process of it; the runner decides what becomes of its replicas.
  process.on("SIGINT", () => {});
  const asked = new Map<number, (certificate: Certificate | null) => void>();
  let lastAsked = 0;
  const certificates = (host: string | undefined) =>
    new Promise<Certificate | null>((resolve) => {
      asked.set(++lastAsked, resolve);
      send({ type: "certificate?", id: lastAsked, host: host ?? null });
    });
  const serve = (server: ReplicaServer, drain: () => void, take: (socket: Socket) => void) => {
    process.on("message", (message: ToReplica, socket: unknown) => {
      if (message.type === "drain") drain();
      if (message.type === "certificates-changed") server.forgetCertificates();
      if (message.type === "certificate") {
        asked.get(message.id)?.(message.certificate);
        asked.delete(message.id);
      }
      // A connection whose sender went away on its way here comes without its socket.
      if (message.type === "connection" && socket !== undefined) take(socket as Socket);
      if (message.type === "load?") {
        send({ type: "load", id: message.id, ...server.dispatcher.totals, inFlight: server.dispatcher.inFlight });
      }
    });
  };
  return { send, directory, serve, certificates };
}

/** A replica that cannot start says why, to whoever started it, and ends. */
export function refuse(error: unknown): void {
  const { message, ...data } = toErrorData(error);
  const told = hide(message);
  const code = error instanceof HadronError ? data.code : "RUNNER_FAILED";
  // Of what is no error of ours the stack says where; so it does where that made another fail.
  const defect = error instanceof HadronError ? error.cause : error;
  const stack = defect instanceof Error && !(defect instanceof HadronError) ? { stack: hide(traceOf(defect)) } : {};
  const line = `${JSON.stringify({ error: { code, message: told, ...stack } })}\n`;
  process.exitCode = code === "TOPOLOGY_MISMATCH" ? 3 : 1;
  const end = () => process.exit();
  const tell = () => process.stderr.write(line, end);
  if (process.connected) process.send!({ type: "failed", code, message: told } satisfies FromReplica, tell);
  else tell();
}
