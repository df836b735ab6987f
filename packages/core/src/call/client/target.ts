import { type ServiceDefinition, serviceDefinition } from "../../declare/definition.ts";
import type { AnyService } from "../../declare/types.ts";
import { learnProcedures } from "../../describe/procedures.ts";
import { HadronError } from "../../errors.ts";
import { hostFor } from "../host/outside.ts";

const TARGET = Symbol.for("dev.hadron.target");

/** What a value in code calls. */
export interface CallTarget {
  readonly service: AnyService;
  readonly procedure: string;
  /** Whether it takes requests of HTTP whole, whatever their path. */
  readonly takesWeb: boolean;
  /** Calls it, without what its client in code adds to that. */
  call(input: unknown): Promise<unknown>;
}

/** Notes on a client of one procedure what it calls. */
export function markTarget(client: object, service: object, procedure: string): void {
  Object.defineProperty(client, TARGET, { value: { service, procedure } });
}

/**
 * What a service of one procedure, one of routes, or a procedure of a service (`orders.save`) calls; undefined where the value is none
 * of these. INVALID_DECLARATION for a service of several, and for an image, which has none.
 */
export function targetOf(value: unknown): CallTarget | undefined {
  const service = serviceDefinition(value);
  if (service !== undefined) return toTarget(value as AnyService, service, findOnly(service));
  if (typeof value !== "function") return undefined;
  const marked = (value as { [TARGET]?: Pick<CallTarget, "service" | "procedure"> })[TARGET];
  const definition = serviceDefinition(marked?.service);
  return marked && definition && toTarget(marked.service, definition, marked.procedure);
}

function findOnly(service: ServiceDefinition): string {
  const { single, procedures } = learnProcedures(service);
  const web = procedures.find(({ options }) => options.face?.web === true);
  if (web !== undefined) return web.name;
  const [first] = procedures;
  if (first !== undefined && (single || procedures.length === 1)) return first.name;
  const names = procedures.map(({ name }) => `${service.name}.${name}`);
  throw new HadronError(
    "INVALID_DECLARATION",
    first === undefined
      ? `"${service.name}" has no procedure that could be called.`
      : `"${service.name}" has several procedures: say which of ${names.join(", ")}.`,
  );
}

function toTarget(service: AnyService, definition: ServiceDefinition, procedure: string): CallTarget {
  const takesWeb = learnProcedures(definition).procedures.some(
    ({ name, options }) => name === procedure && options.face?.web === true,
  );
  return {
    service,
    procedure,
    takesWeb,
    call: async (input) => (await hostFor(definition)).call(definition.name, procedure, input, {}),
  };
}
