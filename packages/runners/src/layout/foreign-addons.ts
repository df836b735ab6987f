import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { HadronError } from "@hadron/core/spi";
import { readPackageJson } from "./files/find-package.ts";
import type { LayoutEntry } from "./layout.ts";

type Addon = Extract<LayoutEntry, { kind: "taken" }>;

/** Where an image runs. */
export interface ImagePlatform {
  /** As images name it: `amd64`, `arm64`. */
  readonly architecture: string;
  /** The C library that it is made of. */
  readonly libc: "glibc" | "musl";
}

/** How files of machine code begin, by the system that they are for. */
const MAGIC: Readonly<Record<string, string>> = {
  "7f454c46": "Linux",
  cffaedfe: "macOS",
  cefaedfe: "macOS",
  cafebabe: "macOS",
  "4d5a": "Windows",
};
/** Architectures by the number in an ELF file (e_machine), as images name them. */
const MACHINES: Readonly<Record<number, string>> = { 62: "amd64", 183: "arm64" };
/** Where that number stands: two bytes, of the lowest value first. */
const MACHINE_AT = 18;
/** What npm calls an architecture that images call otherwise. */
const CPUS: Readonly<Record<string, string>> = { amd64: "x64" };
/** What packages that are the same for different platforms have at the end of their names. */
const PLATFORM = /[-.](?:darwin|macos|linux|linuxmusl|win32|windows|freebsd|android)(?:[-.].*)?$/;

/** The platform of a base image of one architecture. Of its C library its name tells: Alpine's is musl. */
export function platformOf(base: string, architecture: string): ImagePlatform {
  return { architecture, libc: /alpine|musl/i.test(base) ? "musl" : "glibc" };
}

/**
 * Fails where an addon would not run in a container, before anything is made: FAILED_PRECONDITION where a package has addons,
 * and neither it nor one of its kind has any for Linux; and for this platform, where one is given.
 */
export function checkAddons(entries: readonly LayoutEntry[], platform?: ImagePlatform): void {
  const files = entries.filter((entry) => entry.kind === "taken");
  const addons = files.filter((file) => file.path.endsWith(".node") && !isForOthers(file));
  const kinds = Map.groupBy(addons, ({ path }) => packageOf(path).replace(PLATFORM, ""));
  for (const [name, own] of kinds) {
    const systems = new Set(own.map(({ source }) => systemOf(source)));
    systems.delete(undefined);
    if (systems.size === 0) continue;
    if (!systems.has("Linux")) throw foreign(name, own, [...systems].join(" and "), "run Linux", platform);
    if (platform === undefined) continue;
    const linux = own.filter(({ source }) => systemOf(source) === "Linux").map(({ source }) => fitOf(source));
    const { architecture, libc } = platform;
    const near = linux.filter((fit) => fit.architecture === undefined || fit.architecture === architecture);
    if (near.length === 0) {
      const has = [...new Set(linux.map((fit) => fit.architecture))].join(" and ");
      throw foreign(name, own, `linux/${has}`, `here run on linux/${architecture}`, platform);
    }
    if (near.some((fit) => fit.libc === undefined || fit.libc === libc)) continue;
    throw foreign(name, own, `Linux with ${near[0]?.libc}`, `of this base image have ${libc}`, platform);
  }
}

function foreign(name: string, own: readonly Addon[], has: string, containers: string, platform?: ImagePlatform) {
  const cpu = platform === undefined ? "x64" : (CPUS[platform.architecture] ?? platform.architecture);
  const or = platform === undefined ? " (or --cpu=arm64)" : "";
  const libc = platform?.libc === "musl" ? " --libc=musl" : "";
  return new HadronError(
    "FAILED_PRECONDITION",
    `"${name}" is installed with a native addon for ${has} alone (${own[0]?.path}), and containers ${containers}: install that of Linux beside it, npm install --os=linux --cpu=${cpu}${libc} --include=optional${or}, or deploy from Linux.`,
  );
}

/** Whether its package is for other systems by its nature, as fsevents is: whoever loads it does without on Linux. */
function isForOthers({ path, source }: Addon): boolean {
  const name = packageOf(path);
  const end = source.lastIndexOf(name);
  if (PLATFORM.test(name) || end === -1) return false;
  const { os } = readPackageJson(source.slice(0, end + name.length));
  return os !== undefined && !os.includes("linux") && !os.some((system) => system.startsWith("!"));
}

/** The innermost package in which a file lies; the file, where it is the app's own. */
function packageOf(path: string): string {
  const at = path.lastIndexOf("node_modules/");
  if (at === -1) return path;
  const [scopeOrName = "", name] = path.slice(at + "node_modules/".length).split("/");
  return scopeOrName.startsWith("@") ? `${scopeOrName}/${name}` : scopeOrName;
}

/** Which system an addon is for; undefined where its beginning is none that is known. */
function systemOf(path: string): string | undefined {
  const start = Buffer.alloc(4);
  const file = openSync(path, "r");
  try {
    readSync(file, start, 0, start.length, 0);
  } finally {
    closeSync(file);
  }
  const text = start.toString("hex");
  return MAGIC[text] ?? MAGIC[text.slice(0, 4)];
}

/** Where an addon of Linux runs; undefined where it does not say: it is linked with no C library, or is for an architecture unknown here. */
function fitOf(path: string): { readonly [P in keyof ImagePlatform]: ImagePlatform[P] | undefined } {
  const content = readFileSync(path);
  const architecture = content.length > MACHINE_AT + 1 ? MACHINES[content.readUInt16LE(MACHINE_AT)] : undefined;
  // The names of the libraries that it needs stand in it as they are.
  const isMusl = content.includes("libc.musl-") || content.includes("ld-musl-");
  const libc = isMusl ? "musl" : content.includes("libc.so.6") ? "glibc" : undefined;
  return { architecture, libc };
}
