import { closeSync, openSync, readSync } from "node:fs";
import { HadronError } from "@hadron/core/spi";
import { readPackageJson } from "../files/find-package.ts";

/** A file that goes along, by where it lies in the layout and on this machine. */
interface Addon {
  readonly path: string;
  readonly source: string;
}

/** How files of machine code begin, by the system that they are for. */
const MAGIC: Readonly<Record<string, string>> = {
  "7f454c46": "Linux",
  cffaedfe: "macOS",
  cefaedfe: "macOS",
  cafebabe: "macOS",
  "4d5a": "Windows",
};
/** What packages that are the same for different platforms have at the end of their names. */
const PLATFORM = /[-.](?:darwin|macos|linux|linuxmusl|win32|windows|freebsd|android)(?:[-.].*)?$/;

/**
 * Fails where an addon would not run in a container, before anything is made: FAILED_PRECONDITION where a package has addons
 * for other systems than Linux, and neither it nor one of its kind has any for Linux.
 */
export function checkAddons(files: readonly Addon[]): void {
  const addons = files.filter((file) => file.path.endsWith(".node") && !isForOthers(file));
  const kinds = Map.groupBy(addons, ({ path }) => packageOf(path).replace(PLATFORM, ""));
  for (const [name, own] of kinds) {
    const systems = new Set(own.map(({ source }) => systemOf(source)));
    systems.delete(undefined);
    if (systems.size === 0 || systems.has("Linux")) continue;
    throw new HadronError(
      "FAILED_PRECONDITION",
      `"${name}" is installed with a native addon for ${[...systems].join(" and ")} alone (${own[0]?.path}), and containers run Linux: install that of Linux beside it, npm install --os=linux --cpu=x64 --include=optional (or --cpu=arm64), or deploy from Linux.`,
    );
  }
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
