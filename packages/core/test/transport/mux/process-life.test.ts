import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { TestDispatcher } from "../../../src/transport/suite/index.ts";
import { listenMux } from "./listen-mux.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const script = fileURLToPath(new URL("./process-life-caller.ts", import.meta.url));

async function run(
  kind: "unix" | "tcp",
  procedure: string,
): Promise<{ readonly code: number | null; readonly out: string }> {
  const dispatcher = new TestDispatcher({
    echo: ({ input }) => input,
    late: ({ input }) => new Promise((resolve) => setTimeout(resolve, 1500, input)),
  });
  const listener = await listenMux(dispatcher, kind);
  closers.push(() => listener.close());
  const child = spawn(process.execPath, [script, listener.address, procedure], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  closers.push(() => child.kill("SIGKILL"));
  let out = "";
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, out };
}

describe.each(["unix", "tcp"] as const)("a process that calls over %s", (kind) => {
  test("stays alive while a call is under way, and ends by itself although the connection is open", async () => {
    expect(await run(kind, "late")).toEqual({ code: 0, out: "open late late idle\n" });
  });

  test("ends when a call was cancelled and nothing else is under way", async () => {
    expect(await run(kind, "cancel")).toEqual({ code: 0, out: "open CANCELLED idle\n" });
  });
});
