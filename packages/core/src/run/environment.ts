import { HadronError } from "../errors.ts";
import { own } from "../values/own.ts";

/**
 * What a replica is told by its runner, in environment variables. This is the whole contract between a runner and the
 * code that runs in a replica, with its writer beside its reader; nothing else reads or writes these variables.
 *
 * | variable | holds |
 * |---|---|
 * | `HADRON_SERVICE` | the full name of the service that it serves; its presence makes this process a replica |
 * | `HADRON_ORDINAL` | its number among all replicas of the service, from 0; absent where they are not numbered |
 * | `HADRON_NAME` | its name, where it is not `service.ordinal` |
 * | `HADRON_APP` | the app's name |
 * | `HADRON_REVISION` | the applied version |
 * | `HADRON_RUN` | which call of run() in the process serves, from 1 |
 * | `HADRON_TOPOLOGY` | the path of the deployed topology (JSON), relative to the bundle's folder |
 * | `HADRON_TOPOLOGY_HASH` | `hashTopology` of it; absent: the replica computes it, for which it loads `node:crypto` |
 * | `HADRON_LISTEN` | addresses for other replicas, probes and metrics, joined by commas: `unix:/path`, `tcp:HOST:PORT` |
 * | `HADRON_EXPOSE` | addresses for outside callers, of the same form; port 0: any |
 * | `HADRON_OUTSIDE` | the URL at which outside callers find the service, where the runner knows it beforehand |
 * | `HADRON_PEERS` | how others are found: `ipc`, or JSON as {@link PeerNames} |
 * | `HADRON_HOSTS` | JSON, service → the host name of an image; `*` and `{service}` as in {@link PeerNames}; else the host of its `any` there, or its name |
 * | `HADRON_COUNTS` | JSON, service → how many replicas run now, where that is not what is declared |
 * | `HADRON_COUNTS_FILE` | a file that holds the same and is read again when it changes |
 * | `HADRON_SECRETS_FILE` | a JSON file, name → value, that the bundle's first lines put into `process.env` |
 * | `HADRON_STORAGE` | the folder of the replica's own storage, where that is not the declared path |
 * | `HADRON_HANG_MS` | how long its turns may not come round until it ends itself; absent: somebody else sees to that |
 * | `HADRON_LEAVE_MS` | how long it serves on once it is to end, while those who send callers to it learn of that; absent: not at all |
 * | `HADRON_APP_FOLDER` | where the app file lies, on the machine where it was written; absent elsewhere |
 * | `HADRON_COMPILED` | a folder in which Node keeps what it compiled: the same as `NODE_COMPILE_CACHE` then, which the app does not see |
 * | `HADRON_CHECK` | "1": compare the topology, say `{"ok":true}` or the error on stdout, and exit |
 */
export interface ReplicaEnvironment {
  readonly app: string;
  readonly service: string;
  readonly ordinal: number;
  readonly name: string;
  readonly revision: string;
  readonly runCall: number;
  readonly topologyPath: string;
  readonly topologyHash: string | undefined;
  readonly listen: readonly string[];
  readonly expose: readonly string[];
  readonly outside: string | undefined;
  readonly peers: "ipc" | PeerNames;
  readonly hosts: Readonly<Record<string, string>>;
  readonly counts: Readonly<Record<string, number>>;
  readonly countsFile: string | undefined;
  readonly secretsFile: string | undefined;
  readonly storage: string | undefined;
  readonly hangMs: number | undefined;
  readonly leaveMs: number | undefined;
  readonly appFolder: string | undefined;
  readonly compiled: string | undefined;
  readonly check: boolean;
}

/**
 * Where services are found by DNS: service → names with a port; `*` for all that are not listed. In a name, `{service}`
 * and `{ordinal}` stand for what they say. `any` resolves to every replica (a headless Service, a network alias);
 * `shard` to one.
 *
 * @example { "*": { "any": "{service}:7070", "shard": "{service}.{ordinal}:7070" } }
 */
export type PeerNames = Readonly<Record<string, { readonly any: string; readonly shard?: string }>>;

/** The variable that holds each fact: read and written by these names alone. */
export const VARIABLE = {
  app: "HADRON_APP",
  service: "HADRON_SERVICE",
  ordinal: "HADRON_ORDINAL",
  name: "HADRON_NAME",
  revision: "HADRON_REVISION",
  runCall: "HADRON_RUN",
  topologyPath: "HADRON_TOPOLOGY",
  topologyHash: "HADRON_TOPOLOGY_HASH",
  listen: "HADRON_LISTEN",
  expose: "HADRON_EXPOSE",
  outside: "HADRON_OUTSIDE",
  peers: "HADRON_PEERS",
  hosts: "HADRON_HOSTS",
  counts: "HADRON_COUNTS",
  countsFile: "HADRON_COUNTS_FILE",
  secretsFile: "HADRON_SECRETS_FILE",
  storage: "HADRON_STORAGE",
  hangMs: "HADRON_HANG_MS",
  leaveMs: "HADRON_LEAVE_MS",
  appFolder: "HADRON_APP_FOLDER",
  compiled: "HADRON_COMPILED",
  check: "HADRON_CHECK",
} as const satisfies Readonly<Record<keyof ReplicaEnvironment, string>>;

/** What a runner says of a replica; what it leaves out is as {@link readEnvironment} takes it for granted. */
export type ReplicaFacts = Pick<ReplicaEnvironment, "app" | "service" | "topologyPath"> & {
  readonly [Fact in keyof ReplicaEnvironment]?: ReplicaEnvironment[Fact] | undefined;
};

type Env = Readonly<Record<string, string | undefined>>;

/** Whether this process is a replica. */
export function isReplica(env: Env): boolean {
  return env[VARIABLE.service] !== undefined;
}

/** Writes the contract: {@link readEnvironment} of it gives the same facts. */
export function toEnvironment(facts: ReplicaFacts): Readonly<Record<string, string>> {
  const texts: Readonly<Record<keyof ReplicaEnvironment, string | undefined>> = {
    app: facts.app,
    service: facts.service,
    ordinal: facts.ordinal?.toString(),
    name: facts.name,
    revision: facts.revision,
    runCall: facts.runCall?.toString(),
    topologyPath: facts.topologyPath,
    topologyHash: facts.topologyHash,
    listen: joined(facts.listen),
    expose: joined(facts.expose),
    outside: facts.outside,
    peers: typeof facts.peers === "object" ? JSON.stringify(facts.peers) : facts.peers,
    hosts: facts.hosts === undefined ? undefined : JSON.stringify(facts.hosts),
    counts: facts.counts === undefined ? undefined : JSON.stringify(facts.counts),
    countsFile: facts.countsFile,
    secretsFile: facts.secretsFile,
    storage: facts.storage,
    hangMs: facts.hangMs?.toString(),
    leaveMs: facts.leaveMs?.toString(),
    appFolder: facts.appFolder,
    compiled: facts.compiled,
    check: facts.check ? "1" : undefined,
  };
  const said = Object.entries(texts) as [keyof ReplicaEnvironment, string | undefined][];
  return Object.fromEntries(said.flatMap(([fact, text]) => (text === undefined ? [] : [[VARIABLE[fact], text]])));
}

/** Parses the contract, once. RUNNER_FAILED where a runner broke it. */
export function readEnvironment(env: Env): ReplicaEnvironment {
  const service = need(env, VARIABLE.service);
  const ordinal = Number(env[VARIABLE.ordinal] ?? "0");
  if (!Number.isInteger(ordinal) || ordinal < 0) {
    throw new HadronError(
      "RUNNER_FAILED",
      `${VARIABLE.ordinal} is "${env[VARIABLE.ordinal]}", and should be a whole number from 0.`,
    );
  }
  return {
    app: need(env, VARIABLE.app),
    service,
    ordinal,
    name: env[VARIABLE.name] ?? `${service}.${ordinal}`,
    revision: env[VARIABLE.revision] ?? "",
    runCall: Number(env[VARIABLE.runCall] ?? "1"),
    topologyPath: need(env, VARIABLE.topologyPath),
    topologyHash: env[VARIABLE.topologyHash],
    listen: list(env[VARIABLE.listen]),
    expose: list(env[VARIABLE.expose]),
    outside: env[VARIABLE.outside],
    peers: (env[VARIABLE.peers] ?? "ipc") === "ipc" ? "ipc" : json(env, VARIABLE.peers),
    hosts: env[VARIABLE.hosts] === undefined ? {} : json(env, VARIABLE.hosts),
    counts: env[VARIABLE.counts] === undefined ? {} : json(env, VARIABLE.counts),
    countsFile: env[VARIABLE.countsFile],
    secretsFile: env[VARIABLE.secretsFile],
    storage: env[VARIABLE.storage],
    hangMs: env[VARIABLE.hangMs] === undefined ? undefined : Number(env[VARIABLE.hangMs]),
    leaveMs: env[VARIABLE.leaveMs] === undefined ? undefined : Number(env[VARIABLE.leaveMs]),
    appFolder: env[VARIABLE.appFolder],
    compiled: env[VARIABLE.compiled],
    check: env[VARIABLE.check] === "1",
  };
}

/** The host name at which an image of the app is. */
export function hostOf({ hosts, peers }: Pick<ReplicaEnvironment, "hosts" | "peers">, service: string): string {
  const { any } = (peers === "ipc" ? undefined : (own(peers, service) ?? peers["*"])) ?? { any: "{service}:" };
  const name = own(hosts, service) ?? hosts["*"] ?? any.slice(0, any.lastIndexOf(":"));
  return name.replaceAll("{service}", service);
}

function joined(addresses: readonly string[] | undefined): string | undefined {
  return addresses === undefined || addresses.length === 0 ? undefined : addresses.join(",");
}

function need(env: Env, name: string): string {
  const value = env[name];
  if (value === undefined || value === "")
    throw new HadronError("RUNNER_FAILED", `The replica was started without ${name}.`);
  return value;
}

function list(value: string | undefined): readonly string[] {
  return value === undefined || value === "" ? [] : value.split(",");
}

function json<T>(env: Env, name: string): T {
  try {
    return JSON.parse(need(env, name)) as T;
  } catch (cause) {
    throw new HadronError("RUNNER_FAILED", `${name} is not JSON.`, { cause });
  }
}
