import { HadronError } from "@hadron/core";
import { toTravellingKey } from "../log/travelling-key.ts";
import { outsideTime } from "../program/outside-time.ts";
import { type StepOptions, step } from "../program/step.ts";
import { type HttpResponse, readResponse } from "./response.ts";

/** A request, and how it is tried again. */
export interface RequestOptions extends StepOptions {
  /**
   * How often it is sent in all, where there is no answer, or one of 408, 425, 429 or 500 and above: the last answer is given,
   * whatever it is. @default 1
   */
  readonly attempts?: number;
  /** @default "GET", or "POST" where there is a body */
  readonly method?: string;
  /** `Idempotency-Key` is the step's key, the same in all attempts, unless it is said here. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** A body as JSON; its content type comes along. */
  readonly json?: unknown;
  /** @default "follow" */
  readonly redirect?: "follow" | "manual" | "error";
}

/** Answers after which it is worth while to ask again. */
const TRANSIENT = new Set([408, 425, 429]);

/** The request connector of durable programs. */
export const http = {
  /**
   * Sends a request as a step: at least once, and its answer is kept exactly once. JSON comes parsed, text as text, anything
   * else as bytes. An answer above 1 MiB is TOO_LARGE; WRONG_USE where the URL is none.
   *
   * @example
   * const { status, body } = await http.request("https://pay.example/charges", { json: { amount: 7 }, attempts: 5, timeoutMs: 10_000 });
   */
  request(url: string | URL, options: RequestOptions = {}): Promise<HttpResponse> {
    const { attempts = 1, timeoutMs, backoffMs, onDoubt, headers = {}, json, redirect = "follow" } = options;
    const body = json === undefined ? options.body : JSON.stringify(json);
    const method = (options.method ?? (body === undefined ? "GET" : "POST")).toUpperCase();
    const target = URL.parse(String(url));
    if (target === null || !/^https?:$/.test(target.protocol)) {
      throw new HadronError("WRONG_USE", `http.request: "${url}" is no URL such as https://pay.example/charges.`);
    }
    // Its query may have a secret, or the time.
    const name = `${method} ${target.origin}${target.pathname}`;
    return step(
      name,
      async ({ key, signal, attempt }) => {
        const fields = new Headers({ "idempotency-key": toTravellingKey(key) });
        if (json !== undefined) fields.set("content-type", "application/json");
        for (const [field, value] of Object.entries(headers)) fields.set(field, value);
        const asked = fetch(target, {
          method,
          headers: fields,
          signal,
          redirect,
          ...(body === undefined ? {} : { body }),
        });
        const response = await outsideTime(asked.then((response) => readResponse(response, name)));
        const isTransient = TRANSIENT.has(response.status) || response.status >= 500;
        if (!isTransient || attempt >= attempts) return response;
        throw new Error(`${name} was answered with ${response.status}.`);
      },
      {
        attempts,
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
        ...(backoffMs === undefined ? {} : { backoffMs }),
        ...(onDoubt === undefined ? {} : { onDoubt }),
      },
    );
  },
};
