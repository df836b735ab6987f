import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Program, ServiceTopology, Topology } from "@hadron/core/spi";
import { CAPTURES_FILE, replicaName, toEnvironment } from "@hadron/core/spi";
import { type Bundle, nodeFlags } from "../../bundle/index.ts";
import { revisionOf } from "../../replica/revision.ts";
import type { Launch } from "./replica-process.ts";

/** One revision as it lies in the run folder. */
export interface Release {
  readonly revision: string;
  readonly bundleHash: string;
  /** hashTopology of it. */
  readonly hash: string;
  readonly topology: Topology;
  readonly entry: string;
  readonly runCall: number;
  /** Values of secrets, the generated ones as well. */
  readonly secrets: Readonly<Record<string, string>>;
  /** The path of the bundle. */
  readonly file: string;
  readonly topologyFile: string;
  /** The captured values that are no secrets, where the app has some. */
  readonly captured: string | undefined;
}

/** What of the deploying process's environment a replica gets: as little as in a container, so that both behave alike. */
const INHERITED =
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_\w+|TZ|TMPDIR|TERM|NODE_OPTIONS|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR)$/;

/** Writes what replicas load into a folder of its own. */
export function writeRelease(
  folder: string,
  program: Program,
  bundle: Bundle,
  generated: Readonly<Record<string, string>>,
): Release {
  const revision = revisionOf(program, bundle);
  const at = join(folder, revision);
  mkdirSync(at, { recursive: true });
  const file = join(at, "app.mjs");
  const topologyFile = join(at, "topology.json");
  writeFileSync(file, bundle.code);
  writeFileSync(`${file}.map`, withSourceRoot(bundle.map, dirname(program.entry)));
  writeFileSync(topologyFile, JSON.stringify(program.topology));
  if (program.captured !== undefined) writeFileSync(join(at, CAPTURES_FILE), program.captured, { mode: 0o600 });
  for (const { name, directory } of bundle.externals) {
    const link = join(at, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(directory, link);
  }
  const { hash, topology, entry, runCall, secrets, captured } = program;
  return {
    revision,
    bundleHash: bundle.hash,
    hash,
    topology,
    entry,
    runCall,
    secrets: { ...secrets, ...generated },
    file,
    topologyFile,
    captured,
  };
}

/**
 * The map with the folder that its sources are relative to: it lies elsewhere than the app, and a debugger that looks beside it
 * finds no file to bind a breakpoint in. Put in front, since parsing a map of megabytes would take longer than writing it.
 */
function withSourceRoot(map: Uint8Array, folder: string): Uint8Array {
  const sourceRoot = `${pathToFileURL(folder).href}/`;
  return Buffer.concat([Buffer.from(`{"sourceRoot":${JSON.stringify(sourceRoot)},`), map.subarray(1)]);
}

/** What a replica has of the deploying process's environment. */
export function inheritedEnv(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const entries = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && INHERITED.test(entry[0]),
  );
  return Object.fromEntries(entries);
}

/** How to start one replica of a release. Pure. */
export function toLaunch(
  release: Release,
  service: ServiceTopology,
  ordinal: number,
  listen: string,
  deployerEnv: Readonly<Record<string, string | undefined>>,
  storage: string | undefined,
): Launch {
  const flags = nodeFlags(service.capacity);
  const env: Record<string, string> = { ...inheritedEnv(deployerEnv), ...service.env };
  for (const name of [...service.secrets, ...(service.generated ?? [])])
    if (release.secrets[name] !== undefined) env[name] = release.secrets[name];
  return {
    flags,
    file: release.file,
    cwd: dirname(release.entry),
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
        listen: [listen],
        peers: "ipc",
        storage,
      }),
    },
    heapMiB: Number(/--max-old-space-size=(\d+)/.exec(flags.join(" "))?.[1] ?? 0),
  };
}
