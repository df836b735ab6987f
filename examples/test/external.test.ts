import { type ChildProcess, spawn } from "node:child_process";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { upLocal } from "./up-local.ts";

const folder = resolve(import.meta.dirname, "../external");

/** A worker as its user starts it; `said`: what it has printed. */
function startWorker(program: string, file: string, address: string) {
  const child: ChildProcess = spawn(program, [resolve(folder, file), address], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const said: string[] = [];
  child.stdout?.on("data", (chunk: Buffer) => said.push(chunk.toString()));
  return { said: () => said.join(""), stop: () => child.kill("SIGKILL") };
}

test.each([
  ["python3", "worker.py"],
  ["sh", "worker.sh"],
])(
  "a worker in %s reads the pages of an order; all processes of the app die in the middle",
  async (program, file) => {
    await using app = await upLocal("order");
    const worker = startWorker(program, file, app.endpoint("order"));
    try {
      const input = { id: 1, boss: "ann", pages: ["tea", "grapes"] };
      await app.call("order", "start", { input, id: "order/1" });
      app.killAll();
      const send = () =>
        app
          .call("order", "send", { id: "order/1", hook: "approved", value: { by: "ann" }, key: "click" })
          .then(() => "sent", String);
      await expect.poll(send, { timeout: 60_000, interval: 500 }).toBe("sent");
      const result = () => app.call("order", "result", { id: "order/1" }).catch(String);
      await expect.poll(result, { timeout: 90_000, interval: 500 }).toEqual({
        paid: "paid 1 by order/order/1:charge#1",
        said: "ann",
        pages: ["TEA", "GRAPES"],
      });
      await expect.poll(worker.said).toMatch(/order\/order\/1:ocr#2: 200/);
    } finally {
      worker.stop();
    }
  },
  180_000,
);
