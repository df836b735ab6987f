import { HadronError } from "../errors.ts";
import type { User } from "../scope/user.ts";
import type { Schema } from "./schema.ts";
import type { Context, Handler } from "./types.ts";

/** What can be said of a single procedure. */
export interface ProcedureOptions<I extends Schema<any, any> = Schema, O extends Schema<any, any> = Schema> {
  /** Checks and converts the input. A bad input is INVALID_INPUT, and names the field. @default anything */
  readonly input?: I;
  /** Checks and converts the output. A bad output is INVALID_OUTPUT. @default anything */
  readonly output?: O;
  /** Running it twice does no more than running it once, so that it may be tried again. @default false */
  readonly idempotent?: boolean;
  /**
   * Who may call it: asked with whoever has shown who they are, at this service or above it, and with the input as its schema has made it. Nobody is
   * UNAUTHENTICATED, somebody else PERMISSION_DENIED. @default everybody
   * @example procedure({ requires: (user, order: Order) => user.id === order.customer }, cancel)
   */
  readonly requires?: (user: User, input: any) => boolean | Promise<boolean>;
  /** One sentence for those who discover it. @default none */
  readonly description?: string;
  /** For those who make parts: how it is met by those who do not speak of inputs and outputs. @default as any procedure */
  readonly face?: Face;
}

/**
 * How a procedure is met by those who do not speak of one input and one output. A pattern that forwards a procedure keeps it.
 */
export interface Face {
  /**
   * Outside callers come with HTTP: their requests are its inputs, in the form of `WebInput`, and its outputs, in the form of
   * `WebOutput`, their answers. One procedure of a service may have it. With `paths` it is asked below those alone, each of the
   * form `/hooks/*`; everywhere else callers speak JSON-RPC.
   */
  readonly web?: true | { readonly paths: readonly string[] };
  /** The requests that it takes, as an OpenAPI document, given the service's name: `describe --openapi`. @default it tells nothing */
  readonly openapi?: (service: string) => unknown;
  /** What its callers in code hold, made of the plain call. @default the plain call */
  readonly client?: (call: (input: unknown) => Promise<unknown>) => (...given: readonly unknown[]) => unknown;
}

type SchemaInput<S> = S extends Schema<infer I, any> ? I : never;
type SchemaOutput<S> = S extends Schema<any, infer O> ? O : never;

const OPTIONS = Symbol.for("dev.hadron.procedure");

/**
 * A handler together with what needs to be said of it.
 *
 * @example
 * const add = procedure({ input: z.object({ a: z.number(), b: z.number() }), idempotent: true }, ({ a, b }) => a + b);
 */
export function procedure<S extends Schema<any, any>, O, R extends Schema<any, any> = Schema<unknown, unknown>>(
  options: ProcedureOptions<S, R> & { readonly input: S },
  handler: (input: SchemaOutput<S>, context: Context) => O,
): (input: SchemaInput<S>, context: Context) => O;
export function procedure<H extends Handler>(options: ProcedureOptions, handler: H): H;
export function procedure(options: ProcedureOptions, handler: Handler): Handler {
  if (typeof handler !== "function") {
    throw new HadronError("INVALID_DECLARATION", "procedure(options, handler): the handler is not a function.");
  }
  for (const side of ["input", "output"] as const) {
    const schema = options[side];
    if (schema !== undefined && typeof schema?.["~standard"]?.validate !== "function") {
      throw new HadronError(
        "INVALID_DECLARATION",
        `procedure: ${side} is no schema; use one of zod, valibot, arktype or any that follows Standard Schema.`,
      );
    }
  }
  const described: Handler = (input, context) => handler(input, context);
  return Object.assign(described, { [OPTIONS]: options });
}

/** What was said of a handler: nothing, for a plain function. */
export function procedureOptions(handler: Handler): ProcedureOptions {
  return (handler as { [OPTIONS]?: ProcedureOptions })[OPTIONS] ?? {};
}
