import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const run = promisify(execFile);

/** An example with values and a queue, in containers, whose store is a database. */
export function testStoreInPostgres(runner: "docker" | "kubernetes", env: Readonly<Record<string, string>> = {}): void {
  test(`under ${runner}, with --store=postgres, orders are mailed, and nothing is left after delete --data`, async () => {
    const type = async (...words: readonly string[]) => {
      const flags = [`--runner=${runner}`, `--app=pg-store-${process.pid}`];
      const { stdout } = await run("tsx", ["examples/mail.ts", ...words, ...flags], {
        cwd: root,
        env: { ...process.env, ...env },
      });
      return stdout.trim();
    };
    try {
      await type("up", "--store=postgres");
      expect(await type("call", "shop", "order", '{"user":"ann","order":1}')).toBe('{"duplicate":false}');
      expect(await type("call", "shop", "order", '{"user":"ann","order":1}')).toBe('{"duplicate":true}');
      expect(await type("call", "shop", "delivered", '{"user":"ann","order":1}')).toBe("[1]");
      expect(await type("kv", "mailbox", "list")).toBe('"ann" [1]');
    } finally {
      await type("delete", "--data", "--yes");
    }
  }, 400_000);
}
