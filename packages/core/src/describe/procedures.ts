import type { Needed, PartDefinition, ProcedureDefinition, ServiceDefinition } from "../declare/definition.ts";
import { toDefinition, toProcedures } from "../declare/definition.ts";
import type { Life } from "../declare/life.ts";
import { checkProcedureName } from "../declare/names.ts";
import type { ChildClient } from "../declare/pattern.ts";
import { HadronError } from "../errors.ts";

/** What a part does: its procedures, and what it does without being called. */
export interface Work {
  readonly procedures: readonly ProcedureDefinition[];
  /** Whether it is one handler, whose procedure is named as the service. */
  readonly single: boolean;
  readonly life: Life | undefined;
  /** What it needs, the handlers of a pattern's root included. */
  readonly needs: readonly Needed[];
}

/** A service as those that call it see it. */
export interface Callee extends Pick<Work, "procedures" | "single"> {
  readonly name: string;
}

/** A part that is no service itself. */
export type OwnPart = Exclude<PartDefinition, ServiceDefinition>;

/** The full name of a pattern's child: a service's own, or one below its parent's. */
export function childName(parent: string, key: string, part: PartDefinition): string {
  return part.kind === "service" ? part.name : `${parent}.${key}`;
}

/** Learns what a part does; of a pattern's root by making its handlers with clients that cannot be called yet. */
export function learnWork(name: string, part: OwnPart, children: Readonly<Record<string, Callee>>): Work {
  if (part.kind === "image") return { procedures: [], single: false, life: undefined, needs: part.needs };
  if (part.kind === "handlers") return toWork(name, part);
  const clients = Object.entries(children).map(([key, callee]) => [key, undialledChild(callee)]);
  const work = createWork(name, part.root, Object.fromEntries(clients));
  return { ...work, needs: [...part.needs, ...work.needs] };
}

/**
 * Learns the procedures of a service from its definition alone, whatever becomes of it in an app: that is for `compose` to
 * judge, which sees the whole.
 */
export function learnProcedures(definition: ServiceDefinition): Callee {
  return learn(definition.name, definition);
}

function learn(name: string, given: PartDefinition): Callee {
  const part = given.kind === "service" ? (given.part as OwnPart) : given;
  const children =
    part.kind === "pattern"
      ? Object.entries(part.children).map(([key, child]) => [key, learn(childName(name, key, child.part), child.part)])
      : [];
  return { name, ...learnWork(name, part, Object.fromEntries(children)) };
}

/** Makes the handlers of a pattern's root: once for each replica, and once to learn their names. */
export function createWork(
  name: string,
  root: (clients: Readonly<Record<string, ChildClient<any>>>) => unknown,
  clients: Readonly<Record<string, ChildClient<any>>>,
): Work {
  const handlers = toDefinition(root(clients), `the root of "${name}"`);
  if (handlers.kind !== "handlers") {
    throw new HadronError(
      "INVALID_DECLARATION",
      `The root of "${name}" should return a handler or an object of handlers.`,
    );
  }
  for (const key of Object.keys(handlers.named)) checkProcedureName(name, key);
  return toWork(name, handlers);
}

function toWork(name: string, handlers: Extract<PartDefinition, { kind: "handlers" }>): Work {
  const { single, life, needs } = handlers;
  return { procedures: toProcedures(handlers, name), single: single !== undefined, life, needs };
}

function undialledChild({ name, single, procedures }: Callee): ChildClient<any> {
  const refuse = (): never => {
    throw new HadronError(
      "FAILED_PRECONDITION",
      `"${name}" cannot be called while it is being declared; call it in a handler.`,
    );
  };
  return { service: name, single, procedures, client: refuse as never, call: refuse, shards: refuse, scope: refuse };
}
