import { lstatSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HadronError } from "@hadron/core/spi";
import { cacheFolder } from "../../layout/index.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** Where this runner keeps things of the user's own. */
export interface LocalPaths {
  /** Sockets of what runs now; gone after a reboot. Mode 0700, owned by the user. */
  readonly runtime: string;
  /** What makes the next start better, and may be deleted at any time. */
  readonly cache: string;
  /** Where earlier versions kept what replicas store. */
  readonly formerData: string;
}

/**
 * The longest path of a Unix socket is 104 bytes on macOS and 108 on Linux, with the zero at its end; what is put below
 * the runtime folder takes at most this many.
 */
const BELOW = "/.01234567/control.sock".length;
const LONGEST_SOCKET_PATH = 103;

/** Reads the user's folders from the environment. Creates none. */
export function resolvePaths(env: Env): LocalPaths {
  const user = process.getuid?.() ?? "user";
  const candidates = [
    ...(env.XDG_RUNTIME_DIR ? [join(env.XDG_RUNTIME_DIR, "hadron")] : []),
    join(env.TMPDIR ?? tmpdir(), `hadron-${user}`),
    `/tmp/hadron-${user}`,
  ];
  const runtime =
    candidates.find((path) => Buffer.byteLength(path) + BELOW <= LONGEST_SOCKET_PATH) ?? candidates.at(-1)!;
  const home = env.HOME ?? tmpdir();
  const cache = cacheFolder(env);
  const formerData = join(
    env.XDG_DATA_HOME ??
      (process.platform === "darwin" ? join(home, "Library/Application Support") : join(home, ".local/share")),
    "hadron",
  );
  return { runtime, cache, formerData };
}

/** Makes the runtime folder, or checks the one that is there: RUNNER_FAILED where somebody else could reach into it. */
export function makeRuntimeFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const found = lstatSync(path);
  const user = process.getuid?.();
  const problem = !found.isDirectory()
    ? "is no folder"
    : user !== undefined && found.uid !== user
      ? `belongs to user ${found.uid}, not to you (${user})`
      : (found.mode & 0o077) !== 0
        ? `can be entered by others (mode ${(found.mode & 0o777).toString(8)})`
        : undefined;
  if (problem === undefined) return;
  throw new HadronError(
    "RUNNER_FAILED",
    `${path} ${problem}, so that its sockets are not safe there. Delete it, or set XDG_RUNTIME_DIR.`,
  );
}
