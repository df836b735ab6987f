import { glob, readFile, stat, writeFile } from "node:fs/promises";
import { basename, extname, join, resolve } from "node:path";
import { type Terminal, toTable } from "@hadron/core/cli/shared";
import { HadronError } from "@hadron/core/spi";
import type { PlatformClient } from "./platform-client.ts";

/** A verb of `hadron cluster`, with what was typed behind it. */
export interface VerbLine {
  readonly words: readonly string[];
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly json: boolean;
  readonly cwd: string;
  readonly client: PlatformClient;
  readonly terminal: Terminal;
  readStdin(): Promise<Uint8Array>;
}

export interface ClusterVerb {
  /** What is typed behind it. */
  readonly usage: string;
  readonly help: string;
  /** How many words it takes. */
  readonly words: readonly [from: number, to: number];
  /** Gives the exit status; nothing: 0. */
  run(line: VerbLine): Promise<number | undefined>;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".txt": "text/plain; charset=utf-8",
  ".md": "text/markdown; charset=utf-8",
  ".wasm": "application/wasm",
};

export const CLUSTER_VERBS: Readonly<Record<string, ClusterVerb>> = {
  push: {
    usage: "NAME FILE",
    help: "registers a module; a name that is there stands for it from now on",
    words: [2, 2],
    async run({ words: [name, file = ""], client, ...line }) {
      const bytes = await read(line.cwd, file);
      const isModule = bytes.subarray(0, 4).toString("latin1") === "\0asm";
      const content_type = isModule || extname(file) === ".wasm" ? "application/wasm" : typeOf(file);
      const answer = await client.json("POST", "blob/register", {
        name,
        content_type,
        bytes: bytes.toString("base64"),
      });
      return show(line, answer, `${name} is ${answer.tech_id}`);
    },
  },
  call: {
    usage: "NAME [ARGS…]",
    help: "calls a module; prints its output, or the number that it returned",
    words: [1, 100],
    async run({ words: [name, ...args], flags, client, terminal, json, readStdin }) {
      const start_function = flags["start-function"] ?? "_start";
      const mode = flags.mode ?? (start_function === "_start" ? "posix" : "direct");
      const input = flags.input === "-" ? await readStdin() : Buffer.from(flags.input ?? "");
      const given = mode === "posix" ? { posix_arguments: args } : { arguments: args.map(toWhole) };
      const body = { name, start_function, mode, input: Buffer.from(input).toString("base64"), ...given };
      const answer = await client.json("POST", "function/call", body);
      if (json) terminal.out(JSON.stringify(answer));
      else {
        const output = Buffer.from(answer.output, "base64").toString();
        terminal.out(output === "" ? String(answer.result) : output.replace(/\n$/, ""));
      }
      return mode === "posix" && answer.result !== 0 ? 1 : 0;
    },
  },
  upload: {
    usage: "PATH FILE|FOLDER",
    help: "serves a file at a path, or all of a folder below it",
    words: [2, 2],
    async run({ words: [path = "", source = ""], client, ...line }) {
      const files = await filesOf(resolve(line.cwd, source), path);
      for (const { at, file } of files) {
        const bytes = (await read(line.cwd, file)).toString("base64");
        await client.json("POST", "file/register", { method: "GET", path: at, content_type: typeOf(file), bytes });
      }
      return show(line, { status: true, paths: files.map(({ at }) => at) }, files.map(({ at }) => at).join("\n"));
    },
  },
  plug: {
    usage: "METHOD PATH NAME",
    help: "calls a module for a path: /a/!name binds a segment, /a/*rest the tail",
    words: [3, 3],
    async run({ words: [method, path, name], flags, client, ...line }) {
      const body = { method, path, name, ...startOf(flags) };
      return show(line, await client.json("POST", "function/plug", body), `${method} ${path} is ${name}`);
    },
  },
  unplug: {
    usage: "METHOD PATH",
    help: "takes away what is at a path",
    words: [2, 2],
    async run({ words: [method, path], client, ...line }) {
      return show(line, await client.json("POST", "function/unplug", { method, path }), `${method} ${path} is free`);
    },
  },
  "plug-filter": {
    usage: "NAME",
    help: "calls a module before every route",
    words: [1, 1],
    async run({ words: [name], flags, client, ...line }) {
      const answer = await client.json("POST", "filter/plug", { name, ...startOf(flags) });
      return show(line, answer, answer.filter_id);
    },
  },
  schedule: {
    usage: "CRON NAME",
    help: 'calls a module by the clock: "0 3 * * *"',
    words: [2, 2],
    async run({ words: [cron, name], flags, client, ...line }) {
      const answer = await client.json("POST", "schedule/plug", { cron, name, ...startOf(flags) });
      return show(line, answer, answer.schedule_id);
    },
  },
  list: {
    usage: "",
    help: "modules, routes, filters and schedules",
    words: [0, 0],
    async run({ client, ...line }) {
      const { modules, routes, filters, schedules } = await client.json("GET", "admin/list");
      const rows = [
        ...modules.map((it: any) => ["module", it.name, it.digest.slice(0, 12)]),
        ...routes.map((it: any) => [it.kind, `${it.method} ${it.path}`, `${it.name.slice(0, 24)} ${it.start}`]),
        ...filters.map((it: any) => ["filter", it.id, `${it.name} ${it.start}`]),
        ...schedules.map((it: any) => ["schedule", it.id, `${it.cron} ${it.name} ${it.start}`]),
      ];
      return show(line, { modules, routes, filters, schedules }, toTable(rows).join("\n"));
    },
  },
  export: {
    usage: "FILE",
    help: "writes a signed backup to a file that is not there yet",
    words: [1, 1],
    async run({ words: [file = ""], client, ...line }) {
      const bytes = new Uint8Array(await (await client.ask("GET", "admin/export-database")).arrayBuffer());
      const { key } = await client.json("GET", "admin/status");
      try {
        await writeFile(resolve(line.cwd, file), bytes, { flag: "wx", mode: 0o600 });
      } catch (cause) {
        throw new HadronError("WRONG_USE", `${file} cannot be written, or is there: name another file.`, { cause });
      }
      return show(
        line,
        { file, bytes: bytes.length, key },
        `${file}: ${bytes.length} bytes\nimport it with --key=${key}`,
      );
    },
  },
  import: {
    usage: "FILE",
    help: "fills an empty platform with a backup; --key says whose it is",
    words: [1, 1],
    async run({ words: [file = ""], flags, client, ...line }) {
      if (flags.key === undefined)
        throw new HadronError("WRONG_USE", "Whose backup is it? --key=KEY, as `export` told it.");
      const bytes = await read(line.cwd, file);
      const answer = await client.json("POST", "admin/import-database", bytes, { "x-hadron-key": flags.key });
      return show(line, answer, `${file} of ${answer.at} is imported: ${answer.blobs} files, ${answer.values} values`);
    },
  },
  status: {
    usage: "",
    help: "how much there is, and the key of its backups",
    words: [0, 0],
    async run({ client, ...line }) {
      const { status: _, ...found } = await client.json("GET", "admin/status");
      return show(line, found, toTable(Object.entries(found).map(([name, value]) => [name, String(value)])).join("\n"));
    },
  },
  rollback: {
    usage: "NAME",
    help: "lets a name stand for what it stood for before",
    words: [1, 1],
    async run({ words: [name], client, ...line }) {
      const answer = await client.json("POST", "function/rollback", { name });
      return show(line, answer, `${name} is ${answer.tech_id}`);
    },
  },
};

function show({ json, terminal }: Pick<VerbLine, "json" | "terminal">, answer: unknown, text: string): undefined {
  const shown = json ? JSON.stringify(answer) : text;
  if (shown !== "") terminal.out(shown);
}

function startOf(flags: VerbLine["flags"]) {
  return { start_function: flags["start-function"] ?? "_start", data: flags.data ?? "" };
}

async function read(cwd: string, file: string): Promise<Buffer> {
  try {
    return await readFile(resolve(cwd, file));
  } catch (cause) {
    throw new HadronError("WRONG_USE", `${file} cannot be read.`, { cause });
  }
}

async function filesOf(
  source: string,
  path: string,
): Promise<readonly { readonly at: string; readonly file: string }[]> {
  const found = await stat(source).catch(() => undefined);
  if (found === undefined) throw new HadronError("WRONG_USE", `${source} is not there.`);
  if (!found.isDirectory()) {
    return [{ at: path.endsWith("/") ? path + basename(source) : path, file: source }];
  }
  const files: { at: string; file: string }[] = [];
  for await (const entry of glob("**/*", { cwd: source, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    files.push({ at: `${path.replace(/\/+$/, "")}/${file.slice(source.length + 1)}`, file });
  }
  return files.sort((one, other) => (one.at < other.at ? -1 : 1));
}

function typeOf(file: string): string {
  return TYPES[extname(file).toLowerCase()] ?? "application/octet-stream";
}

function toWhole(text: string): number {
  if (/^-?\d+$/.test(text)) return Number(text);
  throw new HadronError("WRONG_USE", `"${text}" is no whole number: functions that are called directly take these.`);
}
