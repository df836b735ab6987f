import type { Needed, ServiceDefinition } from "../../declare/definition.ts";
import { lineOf } from "../../declare/site.ts";
import { HadronError } from "../../errors.ts";

/** What one service needs, of its own options and of its parts together. */
export interface Merged extends Omit<Needed, "by" | "site"> {}

/**
 * Merges what a service's options and its parts need. The same need said twice is one; of sizes the largest counts, and
 * the service's own capacity is what it says, if that is enough for its parts.
 *
 * INVALID_DECLARATION where two contradict each other; both places are named.
 */
export function mergeNeeds(service: string, own: Needed | undefined, parts: readonly Needed[]): Merged {
  const all = own === undefined ? parts : [own, ...parts];
  const variables = new Map<string, Variable>();
  for (const needed of all) for (const variable of variablesOf(needed)) take(service, variables, variable);
  const named = (kind: Variable["kind"]) => [...variables.values()].filter((variable) => variable.kind === kind);
  const env = Object.fromEntries(named("an environment variable").map(({ name, value }) => [name, value]));
  checkTotal(service, env);
  return {
    env,
    secrets: named("a secret").map(({ name }) => name),
    generated: named("a generated secret").map(({ name }) => name),
    files: [...new Set(all.flatMap((needed) => needed.files))],
    capacity: mergeCapacity(service, own, parts),
    storage: mergeStorage(service, all),
    uses: mergeUses(service, all),
    resources: [...new Set(all.flatMap((needed) => needed.resources))],
    captures: [...new Set(all.flatMap((needed) => needed.captures))],
    details: mergeDetails(service, all),
  };
}

/** A cluster keeps no larger object, and no process is started with much more. */
const MOST_ENV_BYTES = 1024 * 1024;

function checkTotal(service: string, env: Readonly<Record<string, string>>): void {
  const sizes = Object.entries(env).map(([name, value]) => ({ name, bytes: Buffer.byteLength(name + value) + 2 }));
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  const [largest] = sizes.sort((a, b) => b.bytes - a.bytes);
  if (total <= MOST_ENV_BYTES || largest === undefined) return;
  throw new HadronError(
    "INVALID_DECLARATION",
    `service "${service}": its environment is ${total} bytes, and may be ${MOST_ENV_BYTES}; the largest variable is ${largest.name}, ` +
      `${largest.bytes} bytes. Put large ones into a file, and take that along with files.`,
  );
}

/** A name in the environment of a replica. */
interface Variable {
  readonly name: string;
  readonly kind: "an environment variable" | "a secret" | "a generated secret";
  /** Empty for secrets. */
  readonly value: string;
  readonly of: Needed;
}

function variablesOf(of: Needed): readonly Variable[] {
  return [
    ...Object.entries(of.env).map(([name, value]) => ({ name, kind: "an environment variable", value, of }) as const),
    ...of.secrets.map((name) => ({ name, kind: "a secret", value: "", of }) as const),
    ...of.generated.map((name) => ({ name, kind: "a generated secret", value: "", of }) as const),
  ];
}

function take(service: string, variables: Map<string, Variable>, variable: Variable): void {
  const earlier = variables.get(variable.name);
  if (earlier === undefined) variables.set(variable.name, variable);
  else if (earlier.kind !== variable.kind || earlier.value !== variable.value) {
    const say = ({ kind, value }: Variable) => (value === "" ? kind : `"${value}"`);
    contradict(service, variable.name, [earlier.of, say(earlier)], [variable.of, say(variable)]);
  }
}

function mergeCapacity(service: string, own: Needed | undefined, parts: readonly Needed[]): Needed["capacity"] {
  const cpu = mergeSize(service, "capacity.cpu", own, parts, ({ capacity }) => capacity.cpu, String);
  const memoryBytes = mergeSize(
    service,
    "capacity.memoryMiB",
    own,
    parts,
    ({ capacity }) => capacity.memoryBytes,
    (bytes) => String(bytes / 2 ** 20),
  );
  return { ...(cpu === undefined ? {} : { cpu }), ...(memoryBytes === undefined ? {} : { memoryBytes }) };
}

function mergeSize(
  service: string,
  option: string,
  own: Needed | undefined,
  parts: readonly Needed[],
  sizeOf: (needed: Needed) => number | undefined,
  show: (size: number) => string,
): number | undefined {
  const declared = own === undefined ? undefined : sizeOf(own);
  let most = declared;
  for (const part of parts) {
    const size = sizeOf(part);
    if (size === undefined || (most !== undefined && size <= most)) continue;
    if (own !== undefined && declared !== undefined) {
      contradict(service, option, [own, show(declared)], [part, `at least ${show(size)}`]);
    }
    most = size;
  }
  return most;
}

function mergeStorage(service: string, all: readonly Needed[]): Needed["storage"] {
  let merged: { readonly needed: Needed; readonly storage: NonNullable<Needed["storage"]> } | undefined;
  for (const needed of all) {
    const { storage } = needed;
    if (storage === null) continue;
    if (merged !== undefined && merged.storage.path !== storage.path) {
      contradict(service, "storage.path", [merged.needed, `"${merged.storage.path}"`], [needed, `"${storage.path}"`]);
    }
    if (merged === undefined || storage.sizeBytes > merged.storage.sizeBytes) merged = { needed, storage };
  }
  return merged?.storage ?? null;
}

function mergeUses(service: string, all: readonly Needed[]): readonly ServiceDefinition[] {
  const byName = new Map<string, ServiceDefinition>();
  for (const used of all.flatMap((needed) => needed.uses)) if (used.name !== service) byName.set(used.name, used);
  return [...byName.values()];
}

function mergeDetails(service: string, all: readonly Needed[]): Needed["details"] {
  const known = new Map<string, { readonly value: string; readonly of: Needed }>();
  for (const of of all) {
    for (const [name, value] of Object.entries(of.details)) {
      const earlier = known.get(name);
      if (earlier === undefined) known.set(name, { value, of });
      else if (earlier.value !== value) contradict(service, name, [earlier.of, earlier.value], [of, value]);
    }
  }
  return Object.fromEntries([...known].map(([name, { value }]) => [name, value]));
}

function contradict(service: string, what: string, ...sides: readonly (readonly [Needed, string])[]): never {
  const said = sides.map(([{ by, site }, value]) => {
    const line = lineOf(site);
    return `${value} by ${by}${line === undefined ? "" : ` (${line})`}`;
  });
  throw new HadronError(
    "INVALID_DECLARATION",
    `service "${service}" is told two things of ${what}: ${said.join(", and ")}. Let one of them say it.`,
  );
}
