import { readFileSync } from "node:fs";
import { join } from "node:path";
import { service } from "@hadron/core";
import type { WebAnswer } from "@hadron/core/spi";
import { start } from "@hadron/core/testing";
import { vi } from "vitest";
import { type PlatformOptions, platform } from "../src/index.ts";

/** The bytes of a module of the tests of `@hadron/wasm`. */
export const moduleOf = (name: string): Buffer =>
  readFileSync(join(import.meta.dirname, "../../wasm/test/modules", `${name}.wasm`));

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly text: string;
  readonly json: any;
}

/** A platform in this process. */
export interface StartedPlatform extends AsyncDisposable {
  readonly token: string;
  readonly logged: readonly string[];
  /** Asks as anybody can. */
  ask(method: string, url: string, body?: string | Uint8Array, headers?: Record<string, string>): Promise<Answered>;
  /** Asks as whoever has the token, below `/my-own-cluster/api/`. */
  admin(method: string, path: string, body?: unknown, token?: string): Promise<Answered>;
  register(name: string, bytes: Uint8Array): Promise<Answered>;
  kill(): void;
}

export async function startPlatform(options: PlatformOptions = {}, replicas = 1): Promise<StartedPlatform> {
  const logged: string[] = [];
  const cluster = service("my-own-cluster", platform(options), { replicas });
  const app = await start(cluster, { log: (line) => logged.push(line) });
  const token = await vi.waitUntil(() => logged.join("\n").match(/shown this once: ([\w-]+)/)?.[1]);
  const ask: StartedPlatform["ask"] = async (method, url, body, headers = {}) => {
    const answer = (await app.client(cluster).fetch({
      method,
      url,
      headers: Object.entries({ host: "here:8443", ...headers }).flat(),
      address: "127.0.0.9",
      ...(body === undefined ? {} : { body }),
    })) as WebAnswer;
    return toAnswered(answer);
  };
  const admin: StartedPlatform["admin"] = (method, path, body, shown = token) =>
    ask(method, `/my-own-cluster/api/${path}`, body === undefined ? undefined : JSON.stringify(body), {
      authorization: `Bearer ${shown}`,
    });
  return {
    token,
    logged,
    ask,
    admin,
    register: (name, bytes) =>
      admin("POST", "blob/register", {
        name,
        content_type: "application/wasm",
        bytes: Buffer.from(bytes).toString("base64"),
      }),
    kill: () => app.replica("my-own-cluster", 0).kill(),
    [Symbol.asyncDispose]: () => app[Symbol.asyncDispose](),
  };
}

function toAnswered({ status, headers, body = "" }: WebAnswer): Answered {
  const bytes = Buffer.from(body);
  const fields: Record<string, string> = {};
  for (let at = 0; at < headers.length; at += 2) fields[headers[at] ?? ""] = headers[at + 1] ?? "";
  const json = () => JSON.parse(bytes.toString());
  return {
    status,
    headers: fields,
    body: bytes,
    text: bytes.toString(),
    get json() {
      return json();
    },
  };
}
