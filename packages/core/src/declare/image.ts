import { HadronError } from "../errors.ts";
import { definePart } from "./definition.ts";
import type { Part } from "./types.ts";

/**
 * A service that is any other container image. It is declared, waited for, found by its name, logged and deleted like
 * the rest, and has no procedures: callers talk to it by its own protocol, at host `name` and the declared `port`.
 * Docker and Kubernetes only.
 *
 * @example
 * export const cache = service("cache", image("redis:7"), { port: 6379 });
 */
export function image(reference: string, options: { readonly args?: readonly string[] } = {}): Part<{}> {
  if (typeof reference !== "string" || !/^[\w][\w.:@/-]*$/.test(reference)) {
    throw new HadronError("INVALID_DECLARATION", `image("${reference}") is no image reference, such as "redis:7".`);
  }
  return definePart({}, { kind: "image", reference, args: [...(options.args ?? [])] }) as Part<{}>;
}
