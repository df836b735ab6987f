import { HadronError, type Log } from "@hadron/core";
import type { AdminWish, Answering, HostedResult } from "@hadron/wasm/host";
import type { Registry } from "../kept/registry.ts";
import { checkRoutePath } from "../kept/route-tree.ts";
import type { ResolvedPlatform } from "../options.ts";
import type { KeptValues } from "./kept-values.ts";
import { type Modules, nameOf } from "./modules.ts";

/** Guests that call guests by name, so deep. */
const MOST_DEEP = 8;

/** A call of a guest. */
export interface GuestCall {
  readonly name: string;
  readonly start: string;
  readonly arguments?: readonly number[];
  readonly input?: Uint8Array;
  readonly headers?: readonly (readonly [string, string])[];
  /** Behind its name. */
  readonly args?: readonly string[];
  /** What it finds as its own name. @default `name` */
  readonly file?: string | undefined;
  readonly env?: Readonly<Record<string, string>>;
}

/** What stands around a call. */
export interface Around {
  readonly signal: AbortSignal;
  readonly log: Log;
}

export interface GuestsParts {
  readonly registry: Registry;
  readonly modules: Modules;
  readonly values: KeptValues;
  readonly options: ResolvedPlatform;
  plugFile(file: Extract<AdminWish, { kind: "file" }>): Promise<void>;
  status(): unknown;
}

/** Calls modules, and answers what they ask. */
export class Guests {
  readonly #parts: GuestsParts;

  constructor(parts: GuestsParts) {
    this.#parts = parts;
  }

  async call(call: GuestCall, around: Around, depth = 0): Promise<HostedResult> {
    const hosted = await this.#parts.modules.get(call.name);
    return hosted.call({
      start: call.start,
      arguments: call.arguments ?? [],
      bytes: call.input ?? new Uint8Array(),
      headers: call.headers ?? [],
      args: [call.file ?? call.name, ...(call.args ?? [])],
      env: call.env ?? {},
      get signal() {
        return around.signal;
      },
      said: (text) => {
        if (text.trim() !== "") around.log.info(`${call.name}: ${text.trimEnd()}`);
      },
      answer: this.#answering(call.name, around, depth),
    });
  }

  #answering(name: string, around: Around, depth: number): Answering {
    const { values, options } = this.#parts;
    // One that is called by its digest keeps what it keeps under that.
    const guest = nameOf(name) ?? this.#parts.registry.resolve(name);
    return async (question) => {
      switch (question.kind) {
        case "kv.get": {
          const bytes = await values.get(guest, question.key);
          return bytes === undefined ? {} : { bytes };
        }
        case "kv.set":
          await values.set(guest, question.key, question.value, options.guest(nameOf(name)).keptBytes);
          return {};
        case "kv.list":
          return { entries: await values.list(guest, question.prefix) };
        case "admin":
          return this.#grant(question.wish, around, depth);
        default:
          throw new HadronError("INTERNAL", `a guest asked for ${question.kind}, which is answered elsewhere`);
      }
    };
  }

  async #grant(wish: AdminWish, around: Around, depth: number): ReturnType<Answering> {
    const { registry } = this.#parts;
    switch (wish.kind) {
      case "digest":
        return { bytes: Buffer.from(await registry.find(wish.name)) };
      case "bytes":
        return { bytes: await registry.bytes(wish.digest) };
      case "status":
        return { bytes: Buffer.from(JSON.stringify(this.#parts.status())) };
      case "file":
        checkRoutePath(wish.path);
        await this.#parts.plugFile(wish);
        return {};
      case "call": {
        if (depth >= MOST_DEEP) {
          throw new HadronError("HANDLER_FAILED", `guests call guests by name ${MOST_DEEP} deep, which is the most`);
        }
        const isPosix = wish.mode === "posix";
        const call = {
          name: wish.name,
          start: isPosix ? "_start" : wish.start,
          arguments: isPosix ? [] : wish.arguments,
          input: wish.input,
          file: wish.file === "" ? undefined : wish.file,
          args: wish.argv === "" ? [] : wish.argv.split("\0"),
        };
        const { bytes, result } = await this.call(call, around, depth + 1);
        return { bytes, result: Number(result) };
      }
    }
  }
}
