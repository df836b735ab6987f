import type { ServerResponse } from "node:http";
import type { ItemSource } from "../../transport.ts";
import type { KeepAlive, Quiet } from "./keep-alive.ts";

/** How messages are told apart: a line of JSON each, or an event each. */
export type Form = "ndjson" | "sse";

export interface Accepts {
  readonly form: Form;
  /** The caller takes nothing else: what is no stream comes in this form, too. */
  readonly only: boolean;
}

const TYPES: Readonly<Record<Form, string>> = {
  ndjson: "application/x-ndjson; charset=utf-8",
  sse: "text/event-stream; charset=utf-8",
};

/** What a header `accept` says of streams; undefined: that they are not taken item by item. */
export function toAccepts(accept: string | undefined): Accepts | undefined {
  if (accept === undefined) return undefined;
  const form = /\bapplication\/(?:x-ndjson|ndjson|jsonl|x-jsonlines)\b/i.test(accept)
    ? "ndjson"
    : /\btext\/event-stream\b/i.test(accept)
      ? "sse"
      : undefined;
  if (form === undefined) return undefined;
  return { form, only: !/\bapplication\/(?:json\b|\*)|\*\/\*/i.test(accept) };
}

/** An HTTP response that is written message by message, as fast as the caller reads it. */
export class ItemWriter implements Quiet {
  readonly #response: ServerResponse;
  readonly #form: Form;
  readonly #keepAlive: KeepAlive;
  readonly #waiting = new Set<ItemSource>();
  #spoke = true;

  constructor(response: ServerResponse, form: Form, keepAlive: KeepAlive) {
    this.#response = response;
    this.#form = form;
    this.#keepAlive = keepAlive;
    // Proxies that collect what passes would make a stream one late answer.
    response.writeHead(200, {
      "content-type": TYPES[form],
      "cache-control": "no-cache",
      "x-accel-buffering": "no",
    });
    response.on("drain", () => {
      const waiting = [...this.#waiting];
      this.#waiting.clear();
      for (const source of waiting) source.resume();
    });
    // Lines of JSON have no comments.
    if (form !== "sse" || response.destroyed) return;
    response.flushHeaders();
    keepAlive.add(this);
    response.once("close", () => keepAlive.delete(this));
  }

  /** False: enough is waiting; the source is told when there is room. */
  write(text: string, source: ItemSource | undefined): boolean {
    // The caller has gone: its calls are being cancelled.
    if (this.#response.destroyed) return false;
    this.#spoke = true;
    if (this.#response.write(this.#form === "sse" ? `data: ${text}\n\n` : `${text}\n`)) return true;
    if (source !== undefined) this.#waiting.add(source);
    return false;
  }

  spoke(): boolean {
    // What waits to be read is enough to be there.
    const spoke = this.#spoke || this.#response.writableNeedDrain;
    this.#spoke = false;
    return spoke;
  }

  comment(): void {
    this.#response.write(":\n\n");
  }

  end(): void {
    this.#keepAlive.delete(this);
    this.#waiting.clear();
    if (!this.#response.destroyed) this.#response.end();
  }
}
