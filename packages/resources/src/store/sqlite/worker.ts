import { parentPort, workerData } from "node:worker_threads";
import { toErrorData } from "@hadron/core/spi";
import type { Batch } from "../driver.ts";
import type { Outcome } from "../operations.ts";
import { openForWriting, Writer } from "./writer.ts";

/** What the thread is told. */
export type ToWriter =
  | { readonly type: "commit"; readonly batches: readonly Batch[]; readonly now: number }
  | { readonly type: "close" };

/** What it answers, in order. */
export type FromWriter =
  | { readonly type: "open"; readonly lastTime: number }
  | { readonly type: "done"; readonly outcomes: readonly (readonly Outcome[])[] }
  | { readonly type: "failed"; readonly error: ReturnType<typeof toErrorData> }
  | { readonly type: "closed" };

const port = parentPort!;
const answer = (message: FromWriter) => port.postMessage(message);

/** The thread that writes: an fsync blocks it, and nobody else. */
try {
  const writer = new Writer(openForWriting((workerData as { path: string }).path));
  port.on("message", (message: ToWriter) => {
    if (message.type === "close") {
      writer.close();
      answer({ type: "closed" });
      port.close();
      return;
    }
    try {
      answer({ type: "done", outcomes: writer.commit(message.batches, message.now) });
    } catch (error) {
      answer({ type: "failed", error: toErrorData(error) });
    }
  });
  answer({ type: "open", lastTime: writer.lastTime });
} catch (error) {
  answer({ type: "failed", error: toErrorData(error) });
}
