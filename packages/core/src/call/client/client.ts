import type { ImageTopology } from "../../declare/containers/image-topology.ts";
import type { ServiceDefinition } from "../../declare/definition.ts";
import { definePart } from "../../declare/definition.ts";
import type { ProcedureOptions } from "../../declare/procedure.ts";
import type { Address, CallOptions } from "../../declare/types.ts";
import { learnProcedures } from "../../describe/procedures.ts";
import { HadronError } from "../../errors.ts";
import { hostFor } from "../host/outside.ts";
import { toCall } from "./stream-call.ts";
import { markTarget } from "./target.ts";
import { type MakeCall, wrapCalls } from "./wrap-calls.ts";

const NO_OPTIONS: CallOptions = {};

/** A procedure as a client needs to know it. */
export interface Listed {
  readonly name: string;
  /** Undefined where its code is not here. */
  readonly options?: ProcedureOptions;
}

/** The client that a service value is: it calls wherever the service runs. */
export function createClient(definition: ServiceDefinition): object {
  const { name } = definition;
  const call: MakeCall = async (procedure, input, options) => {
    const host = await hostFor(definition);
    return host.call(name, procedure, input, options);
  };
  if (definition.part.kind === "image") return toAddressed(definition, definition.part.image);
  return toClient(name, () => learnProcedures(definition).procedures, call, definition);
}

/** The value of an image's service: it has no procedures, and says where it is. */
function toAddressed(definition: ServiceDefinition, { ports }: ImageTopology): object {
  const { name } = definition;
  const value = {
    async address(port: string | undefined = Object.keys(ports)[0]): Promise<Address> {
      const number = port === undefined ? undefined : ports[port];
      if (port === undefined || number === undefined) {
        const there = Object.keys(ports).join(", ") || "none: declare it in image(…, { ports })";
        throw new HadronError(
          "WRONG_USE",
          `"${name}" has no port${port === undefined ? "" : ` "${port}"`}; there are ${there}.`,
        );
      }
      const host = await hostFor(definition);
      return host.address(name, { name: port, number });
    },
    [Symbol.toStringTag]: "HadronService",
    [Symbol.for("nodejs.util.inspect.custom")]: () => `[HadronService: ${name}]`,
  };
  return Object.freeze(definePart(value, definition));
}

/**
 * A typed client around an untyped caller. A Proxy, because the procedures of a pattern are known only once it is
 * composed; and only for names that exist, because inspectors and test tools probe a value for methods and call them.
 */
export function toClient(
  service: string,
  listed: () => readonly Listed[],
  make: MakeCall,
  definition?: ServiceDefinition,
  options: CallOptions = NO_OPTIONS,
): object {
  const call = options.around === undefined ? make : wrapCalls(service, options.around, make);
  const procedures = new Map<string, (...given: readonly unknown[]) => unknown>();
  const offered = offersOf(service, definition, make);
  let known: ReadonlyMap<string, Listed> | undefined;
  const target = (input?: unknown) => toCall(call(undefined, input, options));
  if (definition !== undefined) definePart(target, definition);
  // On the target: inspect looks through a proxy.
  Object.assign(target, { [Symbol.for("nodejs.util.inspect.custom")]: () => `[HadronService: ${service}]` });
  return new Proxy(target, {
    get(_, key, self: object) {
      if (key === "with") {
        return (more: CallOptions) => toClient(service, listed, make, definition, merge(options, more));
      }
      if (key === Symbol.toStringTag) return "HadronService";
      if (typeof key === "symbol") return Reflect.get(target, key);
      if (Object.hasOwn(offered, key)) return offered[key];
      known ??= new Map(listed().map((procedure) => [procedure.name, procedure]));
      const there = known.get(key);
      if (there === undefined) return undefined;
      let procedure = procedures.get(key);
      if (procedure === undefined) {
        const plain = (input?: unknown) => toCall(call(key, input, options));
        procedure = there.options?.face?.client?.(plain) ?? plain;
        if (definition !== undefined) markTarget(procedure, self, key);
        procedures.set(key, procedure);
      }
      return procedure;
    },
    set() {
      return false;
    },
  });
}

function offersOf(name: string, definition: ServiceDefinition | undefined, make: MakeCall) {
  if (definition?.part.kind !== "pattern") return {};
  return (
    definition.part.offers?.({ name, call: (procedure, input, options = {}) => make(procedure, input, options) }) ?? {}
  );
}

function merge(options: CallOptions, more: CallOptions): CallOptions {
  // Each adds to what was said before.
  const meta = { ...options.meta, ...more.meta };
  const around = [...(options.around ?? []), ...(more.around ?? [])];
  return {
    ...options,
    ...more,
    ...(Object.keys(meta).length === 0 ? {} : { meta }),
    ...(around.length === 0 ? {} : { around }),
  };
}
