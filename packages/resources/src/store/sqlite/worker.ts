import { parentPort, workerData } from "node:worker_threads";
import { decodeValue, encodeValue, toErrorData } from "@hadron/core/spi";
import type { Batch } from "../contract/driver.ts";
import { openForWriting, Writer } from "./writer.ts";

/** What the thread is told. Batches are encoded: to clone what they are made of would cost more than to write it down. */
export type ToWriter =
  | { readonly type: "commit"; readonly batches: Uint8Array; readonly now: number }
  | { readonly type: "restore"; readonly path: string }
  | { readonly type: "close" };

/** What it answers, in order. */
export type FromWriter =
  | { readonly type: "open"; readonly lastTime: number }
  | { readonly type: "done"; readonly outcomes: Uint8Array }
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
      if (message.type === "restore") {
        writer.restore(message.path);
        return answer({ type: "done", outcomes: encodeValue([], "the outcomes") });
      }
      const batches = decodeValue(message.batches) as readonly Batch[];
      answer({ type: "done", outcomes: encodeValue(writer.commit(batches, message.now), "the outcomes") });
    } catch (error) {
      answer({ type: "failed", error: toErrorData(error) });
    }
  });
  answer({ type: "open", lastTime: writer.lastTime });
} catch (error) {
  answer({ type: "failed", error: toErrorData(error) });
}
