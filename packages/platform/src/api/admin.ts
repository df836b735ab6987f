import { randomUUID } from "node:crypto";
import { HadronError } from "@hadron/core";
import { toNextDue } from "@hadron/resources";
import type { PreparedModule } from "@hadron/wasm/host";
import type { Around, Guests } from "../guests/guests.ts";
import { type Modules, nameOf } from "../guests/modules.ts";
import type { RouteRecord } from "../kept/records.ts";
import { digestOf, type Registry, TECH_ID } from "../kept/registry.ts";
import { checkRoutePath, keyOfRoute } from "../kept/route-tree.ts";
import { checkContentType, checkFree, checkMethod, checkName } from "./checks.ts";
import type { Fields } from "./fields.ts";

/** Of a name, so many earlier digests can be gone back to. */
const MOST_PREVIOUS = 10;
const WASM = "application/wasm";

export interface AdminParts {
  readonly registry: Registry;
  readonly modules: Modules;
  readonly guests: Guests;
  readonly now: () => number;
}

/** What administrators do: each takes the fields of a request, and gives those of the answer. */
export class Admin {
  readonly #parts: AdminParts;

  constructor(parts: AdminParts) {
    this.#parts = parts;
  }

  async register(fields: Fields) {
    const contentType = checkContentType(fields.text("content_type"));
    const bytes = fields.base64("bytes");
    const wanted = fields.text("tech_id", digestOf(bytes));
    if (wanted !== digestOf(bytes)) {
      throw new HadronError("INVALID_INPUT", `The digest of what came is ${digestOf(bytes)}, and should be ${wanted}.`);
    }
    const name = fields.has("name") ? fields.text("name") : undefined;
    return { status: true, tech_id: await this.keep(name, contentType, bytes) };
  }

  /** The first generation's. */
  async registerFunction(fields: Fields) {
    const type = fields.text("type", "wasm");
    if (type !== "wasm") {
      throw new HadronError(
        "INVALID_INPUT",
        `Functions of type "${type}" are not run: register an interpreter as a module of WebAssembly, and give it the script.`,
      );
    }
    return { status: true, tech_id: await this.keep(fields.text("name"), WASM, fields.base64("wasm_bytes")) };
  }

  /** The first generation's: registers a file and plugs it, over what was there. */
  async registerFile(fields: Fields) {
    const { method, path } = toPlace(fields);
    await this.plugFile(method, path, fields.text("content_type"), fields.base64("bytes"));
    return { status: true };
  }

  async plugFile(method: string, path: string, contentType: string, bytes: Uint8Array): Promise<void> {
    const place = { method: checkMethod(method), path: checkFree(checkRoutePath(path)) };
    const name = TECH_ID + (await this.#parts.registry.keep(bytes, checkContentType(contentType)));
    await this.#parts.registry.set("route/", keyOfRoute(place), {
      ...place,
      kind: "file",
      name,
      start: "",
      data: "",
      tags: [],
    });
  }

  async plug(kind: RouteRecord["kind"], fields: Fields) {
    const { registry } = this.#parts;
    const name = fields.text("name");
    const digest = await registry.find(name);
    const start = kind === "file" ? "" : fields.text("start_function", "_start");
    if (kind === "function") await this.#checkGuest(name, digest, start);
    const place = toPlace(fields);
    const route: RouteRecord = {
      ...place,
      kind,
      name,
      start,
      data: fields.text("data", ""),
      tags: fields.texts("tags"),
    };
    const isFree = await registry.add("route/", keyOfRoute(place), route);
    if (isFree) return { status: true };
    const taken = await registry.get("route/", keyOfRoute(place));
    throw new HadronError(
      "ALREADY_EXISTS",
      `${place.method} ${place.path} is taken by "${taken?.name}" at ${taken?.path}: unplug that first.`,
    );
  }

  async unplug(fields: Fields) {
    const place = toPlace(fields);
    if (await this.#parts.registry.delete("route/", keyOfRoute(place))) return { status: true };
    throw new HadronError("NOT_FOUND", `Nothing is plugged at ${place.method} ${place.path}.`);
  }

  /** With a mode the second generation's, whose input is base64; without, the first's. */
  async call(fields: Fields, around: Around) {
    const { registry, guests } = this.#parts;
    const name = fields.text("name");
    await registry.find(name);
    const start = fields.text("start_function", "_start");
    const mode = fields.text("mode", start === "_start" ? "posix" : "direct");
    if (mode !== "direct" && mode !== "posix") {
      throw new HadronError("INVALID_INPUT", `"mode" is "${mode.slice(0, 20)}", and should be direct or posix.`);
    }
    const isFirst = !fields.has("mode");
    const file = fields.text(isFirst ? "wasi_file_name" : "posix_file_name", "");
    const { result, bytes } = await guests.call(
      {
        name,
        start: mode === "posix" ? "_start" : start,
        arguments: mode === "posix" ? [] : fields.numbers("arguments"),
        input: isFirst ? Buffer.from(fields.text("input", "")) : fields.base64("input"),
        file: file === "" ? undefined : file,
        args: fields.texts("posix_arguments"),
      },
      around,
    );
    const plain = typeof result === "bigint" && Number.isSafeInteger(Number(result)) ? Number(result) : result;
    return {
      status: true,
      result: typeof plain === "bigint" ? String(plain) : plain,
      output: Buffer.from(bytes).toString("base64"),
    };
  }

  async plugFilter(fields: Fields) {
    const filter = await this.#toCalled(fields);
    const id = this.#newId();
    await this.#parts.registry.set("filter/", id, filter);
    return { status: true, filter_id: id };
  }

  async plugSchedule(fields: Fields) {
    const cron = fields.text("cron");
    const timezone = fields.text("timezone", "UTC");
    try {
      toNextDue(cron, timezone);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message.replace(/^every\(.*?\): /, "") : String(cause);
      throw new HadronError("INVALID_INPUT", `"cron" is "${cron.slice(0, 60)}", in the time zone ${timezone}: ${why}`, {
        cause,
      });
    }
    const called = await this.#toCalled(fields);
    const id = this.#newId();
    await this.#parts.registry.set("done/", id, { at: this.#parts.now() });
    await this.#parts.registry.set("schedule/", id, { ...called, cron, timezone });
    return { status: true, schedule_id: id };
  }

  async drop(kind: "filter/" | "schedule/", id: string) {
    if (await this.#parts.registry.delete(kind, id)) {
      if (kind === "schedule/") await this.#parts.registry.delete("done/", id);
      return { status: true };
    }
    throw new HadronError("NOT_FOUND", `There is no ${kind.slice(0, -1)} "${id.slice(0, 60)}".`);
  }

  /** Points a name back to what it stood for before. */
  async rollback(fields: Fields) {
    const name = checkName(fields.text("name"));
    const { registry } = this.#parts;
    const known = await registry.get("name/", name);
    if (known === undefined) throw new HadronError("NOT_FOUND", `There is no module or file "${name}".`);
    const { digest } = await registry.update("name/", name, (record) => {
      const [digest, ...previous] = record?.previous ?? [];
      if (digest === undefined) {
        throw new HadronError(
          "FAILED_PRECONDITION",
          `"${name}" never stood for anything else: there is nothing to go back to.`,
        );
      }
      return { digest, previous };
    });
    return { status: true, tech_id: digest };
  }

  /** Keeps bytes, and lets a name stand for them. */
  async keep(name: string | undefined, contentType: string, bytes: Uint8Array): Promise<string> {
    const { registry } = this.#parts;
    if (name !== undefined) checkName(name);
    if (contentType === WASM)
      await this.#parts.modules.prepare(name === undefined ? "the module" : `module "${name}"`, bytes, name);
    const digest = await registry.keep(bytes, contentType);
    if (name === undefined) return digest;
    await registry.update("name/", name, (record) => {
      if (record === undefined || record.digest === digest) return { digest, previous: record?.previous ?? [] };
      return { digest, previous: [record.digest, ...record.previous].slice(0, MOST_PREVIOUS) };
    });
    return digest;
  }

  async #toCalled(fields: Fields) {
    const name = fields.text("name");
    const start = fields.text("start_function", "_start");
    await this.#checkGuest(name, await this.#parts.registry.find(name), start);
    return { name, start, data: fields.text("data", "") };
  }

  async #checkGuest(name: string, digest: string, start: string): Promise<void> {
    const bytes = await this.#parts.registry.bytes(digest);
    const module: PreparedModule = await this.#parts.modules.prepare(`module "${name}"`, bytes, nameOf(name));
    const found = module.shape.exports.find((entry) => entry.name === start);
    if (found?.kind !== "function") {
      const names = module.shape.exports.flatMap((entry) => (entry.kind === "function" ? [entry.name] : []));
      throw new HadronError(
        "INVALID_INPUT",
        `module "${name}" has no function "${start}": it exports ${names.join(", ") || "none"}.`,
      );
    }
    if (found.signature.params.length === 0) return;
    throw new HadronError(
      "INVALID_INPUT",
      `The function "${start}" of "${name}" takes ${found.signature.params.length} numbers, and who comes by HTTP, or by the clock, has none.`,
    );
  }

  /** Later ones are behind earlier ones. */
  #newId(): string {
    return `${this.#parts.now().toString(36).padStart(9, "0")}-${randomUUID().slice(0, 8)}`;
  }
}

function toPlace(fields: Fields): Pick<RouteRecord, "method" | "path"> {
  return { method: checkMethod(fields.text("method")), path: checkFree(checkRoutePath(fields.text("path"))) };
}
