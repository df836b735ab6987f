import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Program, ServiceTopology, Topology } from "@hadron/core/spi";
import { CAPTURES_FILE, replicaName, toEnvironment } from "@hadron/core/spi";
import { nodeFlags } from "../../bundle/index.ts";
import { compiledFolder, type Layout, stage } from "../../layout/index.ts";
import { revisionOf } from "../../replica/revision.ts";
import { declaredEnvironment } from "../../shared/declared-environment.ts";
import type { Launch } from "./replica-process.ts";

/** One revision, as replicas are started from it. */
export interface Release {
  readonly revision: string;
  readonly layoutHash: string;
  /** hashTopology of it. */
  readonly hash: string;
  readonly topology: Topology;
  readonly entry: string;
  readonly runCall: number;
  /** Values of secrets, the generated ones as well. */
  readonly secrets: Readonly<Record<string, string>>;
  /** The folder in which the layout is. */
  readonly staged: string;
  /** The path by which the bundle is run. */
  readonly file: string;
  readonly topologyFile: string;
  /** The captured values that are no secrets, where the app has some. */
  readonly captured: string | undefined;
}

/** What of the deploying process's environment a replica gets: as little as in a container, so that both behave alike. */
const INHERITED =
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_\w+|TZ|TMPDIR|TERM|NODE_OPTIONS|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR)$/;

/** Writes what is told to replicas into a folder, and stages what they load. */
export function writeRelease(
  folder: string,
  program: Program,
  { layout, cache }: { readonly layout: Layout; readonly cache: string },
  generated: Readonly<Record<string, string>>,
): Release {
  const { hash, topology, entry, runCall, secrets, captured } = program;
  const revision = revisionOf(program, layout);
  const staged = stage(layout, { cache, app: topology.app });
  const at = join(folder, revision);
  mkdirSync(at, { recursive: true });
  const topologyFile = join(at, "topology.json");
  writeFileSync(topologyFile, JSON.stringify(topology));
  if (captured !== undefined) writeFileSync(join(at, CAPTURES_FILE), captured, { mode: 0o600 });
  // Replicas are started by its name: so their command lines say whose they are, see `folder/leftovers.ts`.
  const file = join(at, "app.mjs");
  if (!existsSync(file)) symlinkSync(join(staged, "app.mjs"), file);
  return {
    revision,
    layoutHash: layout.hash,
    hash,
    topology,
    entry,
    runCall,
    secrets: { ...secrets, ...generated },
    staged,
    file,
    topologyFile,
    captured,
  };
}

/** What a replica has of the deploying process's environment. */
export function inheritedEnv(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const entries = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && INHERITED.test(entry[0]),
  );
  return Object.fromEntries(entries);
}

/** What one replica has of its own. */
export interface ReplicaPlace {
  readonly ordinal: number;
  /** Where it listens. */
  readonly address: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly storage: string | undefined;
  /** Where outside callers find its service. */
  readonly outside: string | undefined;
}

/** How to start one replica of a release. Pure. */
export function toLaunch(
  release: Release,
  service: ServiceTopology,
  { ordinal, address, env: deployerEnv, storage, outside }: ReplicaPlace,
): Launch {
  const flags = nodeFlags(service.capacity);
  const compiled = compiledFolder(release.staged);
  const env: Record<string, string> = {
    NODE_COMPILE_CACHE: compiled,
    ...inheritedEnv(deployerEnv),
    ...declaredEnvironment(service),
  };
  for (const name of [...service.secrets, ...(service.generated ?? [])])
    if (release.secrets[name] !== undefined) env[name] = release.secrets[name];
  return {
    flags,
    file: release.file,
    cwd: join(release.staged, "files"),
    env: {
      ...env,
      ...toEnvironment({
        app: release.topology.app,
        service: service.name,
        ordinal,
        name: replicaName(service.name, ordinal),
        revision: release.revision,
        runCall: release.runCall,
        topologyPath: release.topologyFile,
        topologyHash: release.hash,
        listen: [address],
        outside,
        peers: "ipc",
        storage,
        appFolder: dirname(release.entry),
        compiled,
      }),
    },
    heapMiB: Number(/--max-old-space-size=(\d+)/.exec(flags.join(" "))?.[1] ?? 0),
  };
}
