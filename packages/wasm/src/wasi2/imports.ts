import { Exit } from "../wasi/guest.ts";
import { Descriptor, DirectoryEntryStream, filesystemErrorCode } from "./filesystem.ts";
import type { ComponentGuest } from "./guest.ts";
import { httpImports } from "./http-imports.ts";
import { InputStream, OutputStream, Pollable, poll, StreamFailure } from "./io.ts";
import { SOCKETS } from "./sockets.ts";

/** Of chance, at once. */
const RANDOM_BYTES = 65_536;
const MOST_RANDOM_BYTES = 2n ** 24n;
const SECOND = 1_000_000_000n;

/** What a component may import, by the interface's name: WASI 0.2, of our own, on files that the host made up. Each call has it anew. */
export function componentImports(guest: ComponentGuest): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  class TerminalInput {}
  class TerminalOutput {}
  const random = (length: bigint) => {
    if (length > MOST_RANDOM_BYTES) throw new Error(`it wants ${length} bytes of chance at once`);
    const target = new Uint8Array(Number(length));
    for (let at = 0; at < target.length; at += RANDOM_BYTES) guest.random(target.subarray(at, at + RANDOM_BYTES));
    return target;
  };
  const randomNumber = () => new DataView(random(8n).buffer as ArrayBuffer).getBigUint64(0);
  const monotonic = () => guest.now("monotonic");
  const until = (at: bigint) => new Pollable(() => Number(at - process.hrtime.bigint()) / 1e6);
  const resolution = () => guest.resolution;
  const toDatetime = (at: bigint) => ({ seconds: at / SECOND, nanoseconds: Number(at % SECOND) });
  const exit = (status: number) => {
    throw new Exit(status);
  };
  return {
    "wasi:cli/environment": {
      getEnvironment: () => Object.entries(guest.env),
      getArguments: () => [...guest.args],
      initialCwd: () => undefined,
    },
    "wasi:cli/exit": {
      exit: ({ tag }: { tag: "ok" | "err" }) => exit(tag === "ok" ? 0 : 1),
      exitWithCode: exit,
    },
    "wasi:cli/stdin": { getStdin: () => new InputStream((target) => guest.readInput(target)) },
    "wasi:cli/stdout": { getStdout: () => new OutputStream((bytes) => guest.writeOutput(bytes)) },
    "wasi:cli/stderr": { getStderr: () => new OutputStream((bytes) => guest.writeLog(bytes)) },
    "wasi:cli/terminal-input": { TerminalInput },
    "wasi:cli/terminal-output": { TerminalOutput },
    "wasi:cli/terminal-stdin": { getTerminalStdin: () => undefined },
    "wasi:cli/terminal-stdout": { getTerminalStdout: () => undefined },
    "wasi:cli/terminal-stderr": { getTerminalStderr: () => undefined },
    "wasi:clocks/monotonic-clock": {
      now: monotonic,
      resolution,
      subscribeInstant: until,
      subscribeDuration: (length: bigint) => until(process.hrtime.bigint() + length),
    },
    "wasi:clocks/wall-clock": {
      now: () => toDatetime(guest.now("realtime")),
      resolution: () => toDatetime(resolution()),
    },
    "wasi:filesystem/preopens": {
      getDirectories: () => [[new Descriptor(guest.root, true, guest), "/"]],
    },
    "wasi:filesystem/types": { Descriptor, DirectoryEntryStream, filesystemErrorCode },
    "wasi:io/error": { Error: StreamFailure },
    "wasi:io/poll": { Pollable, poll },
    "wasi:io/streams": { InputStream, OutputStream },
    "wasi:random/random": { getRandomBytes: random, getRandomU64: randomNumber },
    "wasi:random/insecure": { getInsecureRandomBytes: random, getInsecureRandomU64: randomNumber },
    "wasi:random/insecure-seed": { insecureSeed: () => [randomNumber(), randomNumber()] },
    ...SOCKETS,
    ...httpImports(guest),
  };
}

/** Whether a component can be given that, by the name without its version. */
export function isImportable(name: string): boolean {
  return IMPORTABLE.has(name);
}

const IMPORTABLE: ReadonlySet<string> = new Set(Object.keys(componentImports({} as ComponentGuest)));
