import { availableParallelism } from "node:os";
import { HadronError } from "@hadron/core";
import type { GuestGrant } from "@hadron/wasm/host";

/** What guests may do, and their limits. */
export interface GuestOptions {
  /** How long a call may take, in milliseconds; then it is ended. @default 30 000 */
  readonly timeoutMs?: number;
  /** What the memory of a call may grow to. @default 64 */
  readonly memoryMiB?: number;
  /** Of one call. @default 8 MiB */
  readonly outputBytes?: number;
  /** Calls of one module at once in one replica; others wait. @default as many as there are processors, at least 2 */
  readonly threads?: number;
  /** Hosts that it may get something from, as `host:port`. @default none */
  readonly net?: readonly string[];
  /** Whether what it takes for chance is. @default false */
  readonly random?: boolean;
  /** Whether its clock is as fine as the machine's. @default false */
  readonly clock?: boolean;
  /** Whether it may call and read other modules, ask how the platform does, and plug files. @default false */
  readonly admin?: boolean;
  /** What it may keep: its keys and values together. A replica counts anew each ten seconds. @default 64 MiB */
  readonly keptBytes?: number;
}

/** How a platform is declared. */
export interface PlatformOptions {
  /** What keeps everything is named so: two platforms of one app need two names. @default "platform" */
  readonly name?: string;
  /** What every guest may. @default nothing but to compute, and to keep values */
  readonly guests?: GuestOptions;
  /** What guests of these names may, in place of the above. @default nothing else */
  readonly grants?: Readonly<Record<string, GuestOptions>>;
  /** What a body that comes may have. @default 64 MiB */
  readonly maxBodyBytes?: number;
  /** What a backup may unpack to when it is imported. @default 512 MiB */
  readonly maxImportBytes?: number;
}

export type ResolvedGuest = GuestGrant & { readonly keptBytes: number };

/** Options with nothing left open. */
export interface ResolvedPlatform {
  readonly name: string;
  readonly maxBodyBytes: number;
  readonly maxImportBytes: number;
  guest(name: string | undefined): ResolvedGuest;
}

const KNOWN = ["name", "guests", "grants", "maxBodyBytes", "maxImportBytes"];
const KNOWN_OF_GUESTS = [
  "timeoutMs",
  "memoryMiB",
  "outputBytes",
  "threads",
  "net",
  "random",
  "clock",
  "admin",
  "keptBytes",
];
const MIB = 2 ** 20;

/** INVALID_DECLARATION where an option is not known, or out of range. */
export function resolveOptions(options: PlatformOptions): ResolvedPlatform {
  checkKeys("platform", options, KNOWN);
  const { name = "platform", guests = {}, grants = {}, maxBodyBytes = 64 * MIB, maxImportBytes = 512 * MIB } = options;
  const byName = new Map(
    Object.entries(grants).map(([guest, given]) => [guest, toGuest(`grants.${guest}`, { ...guests, ...given })]),
  );
  const others = toGuest("guests", guests);
  return {
    name,
    maxBodyBytes: within("maxBodyBytes", maxBodyBytes, 1024, 2 ** 31),
    maxImportBytes: within("maxImportBytes", maxImportBytes, 1024, 2 ** 31),
    guest: (guest) => (guest === undefined ? others : (byName.get(guest) ?? others)),
  };
}

function toGuest(by: string, options: GuestOptions): ResolvedGuest {
  checkKeys(by, options, KNOWN_OF_GUESTS);
  const { net = [], random = false, clock = false, admin = false } = options;
  const bad = net.find((text) => !/^(\[[0-9a-fA-F:.]+\]|[^:/\s]+):\d{1,5}$/.test(text));
  if (bad !== undefined) fail(`${by}.net: "${bad}" should be host:port, such as 127.0.0.1:8080`);
  return {
    timeoutMs: within(`${by}.timeoutMs`, options.timeoutMs ?? 30_000, 1, 2 ** 31 - 1),
    memoryMiB: within(`${by}.memoryMiB`, options.memoryMiB ?? 64, 1, 4096),
    outputBytes: within(`${by}.outputBytes`, options.outputBytes ?? 8 * MIB, 0, 2 ** 31 - 1),
    threads: within(`${by}.threads`, options.threads ?? Math.max(2, availableParallelism()), 1, 256),
    keptBytes: within(`${by}.keptBytes`, options.keptBytes ?? 64 * MIB, 0, 2 ** 40),
    net,
    random,
    clock,
    admin,
  };
}

function checkKeys(by: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined) fail(`${by} knows no option "${unknown}"; there are ${known.join(", ")}`);
}

function within(name: string, value: number, from: number, to: number): number {
  if (Number.isInteger(value) && value >= from && value <= to) return value;
  return fail(`${name} is ${value}, and should be a whole number from ${from} to ${to}`);
}

function fail(what: string): never {
  throw new HadronError("INVALID_DECLARATION", `platform: ${what}.`);
}
