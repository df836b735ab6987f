import { HadronError } from "../errors.ts";

/**
 * What a replica is told by its runner, in environment variables. This is the whole contract between a runner and the
 * code that runs in a replica; nothing else in this package reads the environment of a replica.
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
 * | `HADRON_PEERS` | how others are found: `ipc`, or JSON as {@link PeerNames} |
 * | `HADRON_COUNTS` | JSON, service → how many replicas run now, where that is not what is declared |
 * | `HADRON_COUNTS_FILE` | a file that holds the same and is read again when it changes |
 * | `HADRON_SECRETS_FILE` | a JSON file, name → value, that the bundle's first lines put into `process.env` |
 * | `HADRON_STORAGE` | the folder of the replica's own storage, where that is not the declared path |
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
  readonly peers: "ipc" | PeerNames;
  readonly counts: Readonly<Record<string, number>>;
  readonly countsFile: string | undefined;
  readonly storage: string | undefined;
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

type Env = Readonly<Record<string, string | undefined>>;

/** Whether this process is a replica. */
export function isReplica(env: Env): boolean {
  return env.HADRON_SERVICE !== undefined;
}

/** Parses the contract, once. RUNNER_FAILED where a runner broke it. */
export function readEnvironment(env: Env): ReplicaEnvironment {
  const service = need(env, "HADRON_SERVICE");
  const ordinal = Number(env.HADRON_ORDINAL ?? "0");
  if (!Number.isInteger(ordinal) || ordinal < 0) {
    throw new HadronError(
      "RUNNER_FAILED",
      `HADRON_ORDINAL is "${env.HADRON_ORDINAL}", and should be a whole number from 0.`,
    );
  }
  return {
    app: need(env, "HADRON_APP"),
    service,
    ordinal,
    name: env.HADRON_NAME ?? `${service}.${ordinal}`,
    revision: env.HADRON_REVISION ?? "",
    runCall: Number(env.HADRON_RUN ?? "1"),
    topologyPath: need(env, "HADRON_TOPOLOGY"),
    topologyHash: env.HADRON_TOPOLOGY_HASH,
    listen: list(env.HADRON_LISTEN),
    expose: list(env.HADRON_EXPOSE),
    peers: (env.HADRON_PEERS ?? "ipc") === "ipc" ? "ipc" : json(env, "HADRON_PEERS"),
    counts: env.HADRON_COUNTS === undefined ? {} : json(env, "HADRON_COUNTS"),
    countsFile: env.HADRON_COUNTS_FILE,
    storage: env.HADRON_STORAGE,
    check: env.HADRON_CHECK === "1",
  };
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
