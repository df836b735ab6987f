import { availableParallelism } from "node:os";
import { isAbsolute } from "node:path";
import { HadronError } from "@hadron/core";
import type { GuestStore, Module, ResolvedOptions } from "./declared.ts";
import { FORMS, type Form } from "./forms.ts";
import { toNetGrant } from "./net.ts";

/** What a module may use, and how it is called. */
export interface WasmOptions {
  /** The export that is called. @default `_start`, or the only function that it exports */
  readonly start?: string;
  /** How the input of a call becomes bytes. @default "text" */
  readonly input?: Form;
  /** What becomes of the bytes that come out. @default as `input` */
  readonly output?: Form;
  /** Whether input and output go as they are read and written: both are streams of bytes then. @default false */
  readonly stream?: boolean;
  /**
   * Whether an instance is kept and called again, so that a call finds in its memory what the calls before left there. There is one in
   * each thread of each replica, and a call finds any: say `threads: 1` where it matters. One that traps, ends itself, runs out of its time or is
   * given up is never called again. For modules that are libraries: not with `_start`. @default false: a fresh instance for each call
   */
  readonly reuse?: boolean;
  /** How long a call may take from when it begins, in milliseconds; then it is ended. @default 30 000 */
  readonly timeoutMs?: number;
  /** What the memory of a call's module may grow to, from 1 to 4096. @default 64 */
  readonly memoryMiB?: number;
  /** Of one call. Beyond it the call fails, TOO_LARGE. @default 8 MiB */
  readonly outputBytes?: number;
  /** Calls at once in one replica; others wait. @default as many as there are processors, at least 2 */
  readonly threads?: number;
  /** Modules that it imports functions of, by the name under which it does. @default none */
  readonly link?: Readonly<Record<string, Module>>;
  /** Hosts that it may get something from, as `host:port`, and no others. @default none */
  readonly net?: readonly string[];
  /** What it keeps with `persistence_set`, and finds again. @default nothing */
  readonly kv?: GuestStore;
  /** Folders, relative to the app file, by where the module finds them. They are read only unless said. @default none */
  readonly files?: Readonly<Record<string, string | { readonly folder: string; readonly writable?: boolean }>>;
  /** Its arguments, behind its name. @default none */
  readonly args?: readonly string[];
  /** Its environment. @default empty */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether what it takes for chance is. @default false: the same bytes in each call */
  readonly random?: boolean;
  /** Whether its clock is as fine as the machine's. @default false: milliseconds */
  readonly clock?: boolean;
}

const KNOWN: readonly (keyof WasmOptions)[] = [
  "start",
  "input",
  "output",
  "stream",
  "reuse",
  "timeoutMs",
  "memoryMiB",
  "outputBytes",
  "threads",
  "link",
  "net",
  "kv",
  "files",
  "args",
  "env",
  "random",
  "clock",
];

/** INVALID_DECLARATION where an option is not known, or out of range. */
export function resolveOptions(by: string, options: WasmOptions): ResolvedOptions {
  const refuse = (what: string): never => {
    throw new HadronError("INVALID_DECLARATION", `${by}: ${what}.`);
  };
  const unknown = Object.keys(options).find((key) => !KNOWN.some((known) => known === key));
  if (unknown !== undefined) refuse(`knows no option "${unknown}"; there are ${KNOWN.join(", ")}`);
  const within = (name: string, value: number, from: number, to: number): number =>
    Number.isInteger(value) && value >= from && value <= to
      ? value
      : refuse(`${name} is ${value}, and should be a whole number from ${from} to ${to}`);
  const formOf = (name: string, form: Form): Form =>
    FORMS.includes(form) ? form : refuse(`${name} is "${form}", and should be ${FORMS.join(", ")}`);
  const { input = "text", stream = false, threads = Math.max(2, availableParallelism()) } = options;
  return {
    start: options.start,
    input: formOf("input", input),
    output: formOf("output", options.output ?? input),
    stream,
    reuse: options.reuse ?? false,
    timeoutMs: within("timeoutMs", options.timeoutMs ?? 30_000, 1, 2 ** 31 - 1),
    memoryMiB: within("memoryMiB", options.memoryMiB ?? 64, 1, 4096),
    outputBytes: within("outputBytes", options.outputBytes ?? 8 * 2 ** 20, 0, 2 ** 31 - 1),
    threads: within("threads", threads, 1, 256),
    link: options.link ?? {},
    net: (options.net ?? []).map(
      (text) => toNetGrant(text) ?? refuse(`net: "${text}" should be host:port, such as 127.0.0.1:8080`),
    ),
    kv: options.kv,
    folders: Object.entries(options.files ?? {}).map(([at, given]) => {
      const { folder, writable = false } = typeof given === "string" ? { folder: given } : given;
      if (!/^\/[^/]/.test(at) || at.split("/").some((step) => step === ".." || step === ".")) {
        refuse(`files: "${at}" should be where the module finds the folder, such as /data`);
      }
      if (writable && !isAbsolute(folder)) {
        refuse(
          `files: "${folder}" is a part of the app and can only be read; give a writable folder by its whole path`,
        );
      }
      return { at, folder, isWritable: writable };
    }),
    args: options.args ?? [],
    env: options.env ?? {},
    random: options.random ?? false,
    clock: options.clock ?? false,
  };
}

/** What a module was granted, as `describe` shows it. */
export function toGrants({ net, kv, folders, args, env, random, clock }: ResolvedOptions): readonly string[] {
  const folderOf = ({ at, folder, isWritable }: ResolvedOptions["folders"][number]) =>
    `${at} = ${folder}${isWritable ? " (writable)" : ""}`;
  return [
    ...(net.length > 0 ? [`net ${net.map(({ host, port }) => `${host}:${port}`).join(" ")}`] : []),
    ...(kv === undefined ? [] : ["kv"]),
    ...(folders.length > 0 ? [`files ${folders.map(folderOf).join(" ")}`] : []),
    ...(args.length > 0 ? [`args ${args.length}`] : []),
    ...(Object.keys(env).length > 0 ? [`env ${Object.keys(env).join(" ")}`] : []),
    ...(random ? ["random"] : []),
    ...(clock ? ["clock"] : []),
  ];
}
