import { HadronError, type Schema } from "@hadron/core";
import type { MessageOf, SentOf, SocketHandler, SocketOptions, SocketRoute } from "../routes/socket-types.ts";

const KNOWN = ["input", "output", "form", "origins", "maxMessageBytes", "pingMs", "protocols", "hears"];

/**
 * A WebSocket as a route: for a key with GET. INVALID_DECLARATION where an option is none.
 *
 * @example
 * "GET /live": socket(async ({ send, messages }) => {
 *   for await (const message of messages) await send({ you: message });
 * }),
 * @example "GET /live": socket({ input: Said, output: Told, hears: room }, async ({ messages }) => { … })
 */
export function socket<P>(handler: SocketHandler<P, any, any>): SocketRoute<P>;
export function socket<
  P,
  I extends Schema<any, any> | undefined = undefined,
  O extends Schema<any, any> | undefined = undefined,
>(options: SocketOptions<I, O>, handler: SocketHandler<P, MessageOf<I>, SentOf<O>>): SocketRoute<P>;
export function socket(...given: readonly unknown[]): SocketRoute {
  const [options, handler] = (given.length > 1 ? given : [{}, given[0]]) as [SocketOptions, SocketRoute["handler"]];
  if (typeof handler !== "function") fail("the handler is no function");
  const unknown = Object.keys(options).find((key) => !KNOWN.includes(key));
  if (unknown !== undefined) fail(`there is no option "${unknown}"; there are ${KNOWN.join(", ")}`);
  const {
    form = "json",
    origins = [],
    maxMessageBytes = 1024 * 1024,
    pingMs = 30_000,
    protocols = [],
    hears,
  } = options;
  for (const side of ["input", "output"] as const) {
    const schema = options[side];
    if (schema !== undefined && typeof schema?.["~standard"]?.validate !== "function") {
      fail(`${side} is no schema; use one of zod, valibot, arktype or any that follows Standard Schema`);
    }
  }
  if (form !== "json" && form !== "raw") fail(`form is "${form}", and should be "json" or "raw"`);
  if (origins !== "*") for (const origin of origins) checkOrigin(origin);
  for (const [name, amount] of Object.entries({ maxMessageBytes, pingMs })) {
    if (!(Number.isInteger(amount) && amount >= 1)) fail(`${name} is ${amount}, and should be a whole number, from 1`);
  }
  if (hears !== undefined && typeof hears?.with !== "function") {
    fail('hears is no service that broadcasts: give one that is declared as service("room", broadcast(topic))');
  }
  const { input, output } = options;
  return {
    kind: "socket",
    options: { input, output, form, origins, maxMessageBytes, pingMs, protocols, hears },
    handler,
  };
}

function checkOrigin(origin: string): void {
  if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
    fail(`origins has "${origin}", which is none: write it as https://shop.example.com, without a path`);
  }
}

function fail(what: string): never {
  throw new HadronError("INVALID_DECLARATION", `socket: ${what}.`);
}
