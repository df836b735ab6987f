import { readFileSync } from "node:fs";
import { isAbsolute, relative } from "node:path";
import type { Api, Context, Handler, Part } from "@hadron/core";
import { onStart, procedure } from "@hadron/core";
import { HadronError, inWords, pattern, recordSite, toAppPath, type WebInput, type WebOutput } from "@hadron/core/spi";
import { isComponent, type LoadedComponent, loadComponent } from "./component/load.ts";
import { folderOf } from "./component/transpiled.ts";
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

/** What a component of the world `wasi:http/proxy` offers: HTTP at its service's exposed address. */
export interface HttpComponent {
  readonly fetch: (input: WebInput, context: Context) => Promise<WebOutput>;
  readonly [procedure: string]: (input: WebInput, context: Context) => Promise<WebOutput>;
}

/**
 * The handler that a function of a component's is, by the declarations that jco writes of it: of one parameter its input, of several a
 * list of them.
 *
 * @example
 * import type { Root } from "./greeter.jco/component.d.ts";
 * export const greet = service("greet", wasm<Exported<Root["greet"]>>("./greeter.wasm"));
 */
export type Exported<F extends (...values: never) => unknown> =
  Parameters<F> extends readonly []
    ? () => Promise<ReturnType<F>>
    : Parameters<F> extends readonly [infer I]
      ? (input: I) => Promise<ReturnType<F>>
      : (input: Parameters<F>) => Promise<ReturnType<F>>;

/**
 * A module of WebAssembly is a handler: a part that every pattern takes. It brings its file, which is pinned by its digest, and
 * can do nothing but compute unless it is granted more. Each call has a fresh instance of it, in a thread of its own.
 *
 * How it is called follows from what it imports. A program of WASI gets its input as what it reads, and what it writes is
 * its output; one of the guest API (`core`, `my-own-cluster`) has buffers; of any other an export is called with numbers. Of a component
 * a program is run, a function is called with values, or requests of HTTP are answered.
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
export function wasm<A extends Api>(file: string, options?: WasmOptions): Part<A> & Module;
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
        ...(own.loaded.kind === "component" ? [folderOf(own.file)] : []),
        ...resolved.folders.flatMap(({ folder, isWritable }) => (isWritable ? [] : [toNeed(folder)])),
      ],
      details: {
        ...Object.fromEntries(linkedTo(resolved).map(({ file, loaded }) => [file, digestOf(loaded)])),
        [own.file]: describe(own),
      },
      ...(resolved.kv === undefined ? {} : { uses: [resolved.kv] }),
    },
    root: () => toRoot(new GuestReplica(own)),
  });
  return Object.assign(part, { [declared]: own }) as unknown as Part<Handler> & Module;
}

function load(label: string, path: string, options: ResolvedOptions): LoadedModule | LoadedComponent {
  const { start, link, memoryMiB, reuse } = options;
  const bytes = readModule(label, path);
  const ceiling = { memoryPages: (memoryMiB * 2 ** 20) / PAGE_BYTES, tableElements: MAX_TABLE_ELEMENTS };
  if (isComponent(bytes)) return toComponent(loadComponent(bytes, { label, path, start, ceiling }), options);
  for (const [name, module] of Object.entries(link)) {
    if (module?.[declared] !== undefined) continue;
    throw new HadronError(
      "INVALID_DECLARATION",
      `${label}: link "${name}" should be what wasm("./${name}.wasm") returns.`,
    );
  }
  const linked = Object.entries(link).map(([name, module]) => {
    const other = module[declared].loaded;
    if (other.kind === "module") return [name, other.shape] as const;
    throw new HadronError(
      "INVALID_DECLARATION",
      `${label}: link "${name}" is a component, and modules link to modules.`,
    );
  });
  const loaded = loadModule(bytes, { label, start, linked: new Map(linked), ceiling });
  if (reuse && loaded.entryPoint.start === "_start") {
    const message = `${label}: reuse calls one instance again, and _start is a program from its beginning to its end: say another start.`;
    throw new HadronError("INVALID_DECLARATION", message);
  }
  return loaded;
}

/** What components cannot have: modules have it through the guest API, or their numbers. */
function toComponent(loaded: LoadedComponent, { link, kv, stream, reuse }: ResolvedOptions): LoadedComponent {
  const refuse = (option: string, why: string): never => {
    throw new HadronError("INVALID_DECLARATION", `${loaded.label}: ${option} ${why}.`);
  };
  const { kind } = loaded.entryPoint;
  if (Object.keys(link).length > 0)
    refuse("link", "is for modules, and it is a component: compose it with others before");
  if (kv !== undefined) refuse("kv", "is for modules of the guest API, and it is a component");
  if (stream && kind !== "bytes") refuse("stream", "is for programs, and it exports functions");
  if (reuse && kind === "bytes")
    refuse("reuse", "calls one instance again, and it is a program from its beginning to its end");
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
function digestOf(loaded: LoadedModule | LoadedComponent): string {
  const made = loaded.kind === "component" ? `, made into sha256:${loaded.madeSha256}` : "";
  return `sha256:${loaded.sha256}${made}`;
}

/** A path as `files` takes it. */
function toNeed(path: string): string {
  return relative(".", path);
}

function toRoot(guest: GuestReplica): Handler | Readonly<Record<string, Handler>> {
  const life = {
    [onStart]: () => guest.open(),
    [Symbol.asyncDispose]: () => guest.close(),
  };
  if (guest.takes === "requests") {
    const fetch = (input: WebInput, context: Context) => guest.fetch(input, context);
    return { fetch: procedure({ face: { web: true }, description: "Answers requests of HTTP." }, fetch), ...life };
  }
  const handler: Handler =
    guest.takes === "streams"
      ? (input: unknown, context: Context) => guest.stream(input, context)
      : (input: unknown, context: Context) => guest.call(input, context);
  return Object.assign(handler, life);
}
