import { readFileSync } from "node:fs";
import { isAbsolute, relative } from "node:path";
import type { Context, Handler, Part } from "@hadron/core";
import { onStart } from "@hadron/core";
import { HadronError, inWords, pattern, recordSite, toAppPath } from "@hadron/core/spi";
import { type DeclaredModule, declared, type Module, type ResolvedOptions } from "./declared.ts";
import type { Form } from "./forms.ts";
import { GuestReplica } from "./guest-replica.ts";
import { MAX_TABLE_ELEMENTS, PAGE_BYTES } from "./module/limit.ts";
import { type LoadedModule, loadModule } from "./module/load.ts";
import { resolveOptions, toGrants, type WasmOptions } from "./options.ts";

type In<F extends Form> = F extends "text" ? string : F extends "bytes" ? Uint8Array : unknown;

/** The handler that a module is, as its options say. */
export type WasmHandler<O extends WasmOptions> = O extends { readonly stream: true }
  ? (input: AsyncIterable<Uint8Array> | undefined) => AsyncGenerator<Uint8Array>
  : (
      input?: In<O extends { readonly input: infer F extends Form } ? F : "text">,
    ) => Promise<
      In<
        O extends { readonly output: infer F extends Form }
          ? F
          : O extends { readonly input: infer F extends Form }
            ? F
            : "text"
      >
    >;

/**
 * A module of WebAssembly is a handler: a part that every pattern takes. It brings its file, which is pinned by its digest, and
 * can do nothing but compute unless it is granted more. Each call has a fresh instance of it, in a thread of its own.
 *
 * How it is called follows from what it imports. A program of WASI gets its input as what it reads, and what it writes is
 * its output; one of the guest API (`core`, `my-own-cluster`) has buffers; of any other an export is called with numbers.
 *
 * Fails as DEADLINE_EXCEEDED where it takes longer than it may, TOO_LARGE where it writes more than it may, else
 * HANDLER_FAILED with what it last said, where it traps or ends with a status other than 0.
 *
 * INVALID_DECLARATION where the file is no module, wants what it cannot have, or an option is out of range.
 *
 * @param file Relative to the app file.
 * @example
 * export const upper = service("uppercase", wasm("./uppercase.wasm"));
 * export const add = service("add", wasm<(of: [number, number]) => number>("./math.wasm", { start: "add" }));
 */
export function wasm<const O extends WasmOptions = {}>(file: string, options?: O): Part<WasmHandler<O>> & Module;
export function wasm<H extends Handler>(file: string, options?: WasmOptions): Part<H> & Module;
export function wasm(file: string, options: WasmOptions = {}): Part<Handler> & Module {
  const label = `wasm("${file}")`;
  if (typeof file !== "string" || file === "" || isAbsolute(file)) {
    throw new HadronError("INVALID_DECLARATION", `${label}: the file should be a path relative to the app file.`);
  }
  const resolved = resolveOptions(label, options);
  const site = recordSite();
  const own: DeclaredModule = {
    file: toNeed(file),
    loaded: load(label, toAppPath(file, site), resolved),
    options: resolved,
    folders: resolved.folders.map(({ at, folder, isWritable }) => ({
      at,
      path: isWritable ? folder : toAppPath(folder, site),
      isWritable,
    })),
  };
  const modules = [own, ...linkedTo(resolved)];
  const part = pattern({
    name: "wasm",
    children: {},
    needs: {
      files: [
        ...modules.map(({ file }) => file),
        ...resolved.folders.flatMap(({ folder, isWritable }) => (isWritable ? [] : [toNeed(folder)])),
      ],
      details: {
        ...Object.fromEntries(linkedTo(resolved).map(({ file, loaded }) => [file, digestOf(loaded)])),
        [own.file]: describe(own),
      },
      ...(resolved.kv === undefined ? {} : { uses: [resolved.kv] }),
    },
    root: () => toHandler(new GuestReplica(own)),
  });
  return Object.assign(part, { [declared]: own }) as unknown as Part<Handler> & Module;
}

function load(label: string, path: string, { start, link, memoryMiB, reuse }: ResolvedOptions): LoadedModule {
  for (const [name, module] of Object.entries(link)) {
    if (module?.[declared] !== undefined) continue;
    throw new HadronError(
      "INVALID_DECLARATION",
      `${label}: link "${name}" should be what wasm("./${name}.wasm") returns.`,
    );
  }
  const loaded = loadModule(readModule(label, path), {
    label,
    start,
    linked: new Map(Object.entries(link).map(([name, module]) => [name, module[declared].loaded.shape])),
    ceiling: { memoryPages: (memoryMiB * 2 ** 20) / PAGE_BYTES, tableElements: MAX_TABLE_ELEMENTS },
  });
  if (reuse && loaded.entryPoint.start === "_start") {
    const message = `${label}: reuse calls one instance again, and _start is a program from its beginning to its end: say another start.`;
    throw new HadronError("INVALID_DECLARATION", message);
  }
  return loaded;
}

function readModule(label: string, path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    const message = `${label}: ${path} cannot be read: ${inWords(cause)}. Paths are relative to the app file.`;
    throw new HadronError("INVALID_DECLARATION", message, { cause });
  }
}

/** All that a module calls, and what those call. */
function linkedTo({ link }: ResolvedOptions): readonly DeclaredModule[] {
  return Object.values(link).flatMap((module) => [module[declared], ...linkedTo(module[declared].options)]);
}

function describe({ loaded, options }: DeclaredModule): string {
  const limits = [`${options.memoryMiB} MiB`, `${options.timeoutMs} ms`, ...(options.reuse ? ["reuse"] : [])];
  return [digestOf(loaded), ...limits, ...toGrants(options)].join(", ");
}

/** All that is said of a module that another one calls: what it may do is the other's to say. */
function digestOf({ sha256 }: LoadedModule): string {
  return `sha256:${sha256}`;
}

/** A path as `files` takes it. */
function toNeed(path: string): string {
  return relative(".", path);
}

function toHandler(guest: GuestReplica): Handler {
  const handler: Handler = guest.isStream
    ? (input: unknown, context: Context) => guest.stream(input, context)
    : (input: unknown, context: Context) => guest.call(input, context);
  return Object.assign(handler, {
    [onStart]: () => guest.open(),
    [Symbol.asyncDispose]: () => guest.close(),
  });
}
