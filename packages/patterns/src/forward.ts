import { type Api, type Handler, procedure } from "@hadron/core";
import type { ChildClient } from "@hadron/core/spi";

/**
 * A root that offers what its leaf offers, and passes each call on. It says of each procedure what the leaf says, but
 * leaves checking to the leaf: a schema that converts must not do so twice.
 */
export function forward(
  leaf: Pick<ChildClient<Api>, "single" | "procedures">,
  pass: (procedure: string, input: unknown) => Promise<unknown>,
): Handler | Record<string, Handler> {
  const handlers = leaf.procedures.map(({ name, options }) => {
    const { idempotent, description, face } = options;
    const said = { ...(idempotent && { idempotent }), ...(description && { description }), ...(face && { face }) };
    return [name, procedure(said, async (input: unknown) => pass(name, input))] as const;
  });
  const [first] = handlers;
  return leaf.single && first !== undefined ? first[1] : Object.fromEntries(handlers);
}
