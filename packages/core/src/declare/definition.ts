import { HadronError } from "../errors.ts";
import type { ProcedureOptions } from "./procedure.ts";
import { procedureOptions } from "./procedure.ts";
import type { Handler } from "./types.ts";

const DEFINITION = Symbol.for("dev.hadron.definition");

/** What stands behind a part. Only this package and its SPI look at it. */
export type PartDefinition = HandlersDefinition | PatternDefinition | ServiceDefinition | ImageDefinition;

/** One handler, named as its service, or several by name. */
export interface HandlersDefinition {
  readonly kind: "handlers";
  /** The one handler; its procedure is named as the service. */
  readonly single: Handler | undefined;
  readonly named: Readonly<Record<string, Handler>>;
}

export interface PatternDefinition {
  readonly kind: "pattern";
  /** The pattern's name, e.g. `scatter`. */
  readonly pattern: string;
  readonly children: Readonly<Record<string, ChildDefinition>>;
  /** Makes the root's handlers: once for each replica, and once when it is declared, to learn their names. */
  readonly root: (clients: any) => unknown;
}

export interface ChildDefinition {
  readonly part: PartDefinition;
  /** How many replicas; undefined: what the service that it is says, or 1. */
  readonly count: number | undefined;
  readonly sharded: boolean;
}

/** A container image that is not our own code. */
export interface ImageDefinition {
  readonly kind: "image";
  readonly image: ImageTopology;
}

/** What is known of a container image. What was not declared is absent. */
export interface ImageTopology {
  readonly reference: string;
  /** What its command, or its entry point, is started with. Empty: what the image says. */
  readonly args: readonly string[];
  /** Takes the place of its entry point. */
  readonly command?: readonly string[];
  /** The ports on which it listens, by name, in order; the first is the main one. */
  readonly ports: Readonly<Record<string, number>>;
  /** When it is ready. Absent: when its main port accepts connections, or at once where it has none. */
  readonly ready?: Readiness;
  /** Whom it runs as. Absent: whom the image or the runner says. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** How an image tells that it is ready. Ports are told by their names. */
export type Readiness =
  /** The port accepts connections. */
  | { readonly tcp: string }
  /** A GET of the path is answered with a status from 200 to 399. */
  | { readonly http: { readonly port: string; readonly path: string } }
  /** The command, run in its container, ends with status 0. */
  | { readonly command: readonly string[] }
  /** It has written a line that this regular expression finds something in. */
  | { readonly log: string };

export interface ServiceDefinition {
  readonly kind: "service";
  readonly name: string;
  readonly part: PartDefinition;
  readonly options: ResolvedServiceOptions;
  /** Where it was declared. Read lazily: formatting a stack is slow. */
  readonly site: { readonly stack?: string };
}

/** The options of a service with nothing left open. Sizes in bytes. */
export interface ResolvedServiceOptions {
  readonly replicas: number | undefined;
  readonly expose: Expose | null;
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
  readonly files: readonly string[];
  readonly capacity: { readonly cpu: number; readonly memoryBytes: number };
  /** What of the capacity was declared. */
  readonly requests: { readonly cpu?: number; readonly memoryBytes?: number };
  readonly storage: { readonly path: string; readonly sizeBytes: number } | null;
  readonly limits: Limits;
}

export interface Expose {
  /** The port outside; null: a free one, kept where it can be. */
  readonly port: number | null;
  /** The address to listen on. */
  readonly host: string;
  /** How a cluster exposes it. */
  readonly via: "port" | "node-port" | "load-balancer" | "ingress";
  /** The host name of an ingress, or null. */
  readonly hostname: string | null;
}

export interface Limits {
  /** Calls at work in one replica, those that wait for other services among them; one more is OVERLOADED. */
  readonly concurrency: number;
  /** Bytes of one encoded input. */
  readonly inputBytes: number;
  /** Bytes of one encoded output. */
  readonly outputBytes: number;
  /** How long a replica that was told to stop works on. */
  readonly drainMs: number;
}

/** Of a service whose declaration says nothing else. */
export const DEFAULT_LIMITS: Limits = {
  // What waits for another service that is away counts: 200 calls a second for twenty seconds.
  concurrency: 4000,
  inputBytes: 16 * 1024 * 1024,
  outputBytes: 16 * 1024 * 1024,
  drainMs: 10_000,
};

export interface ProcedureDefinition {
  readonly name: string;
  readonly handler: Handler;
  readonly options: ProcedureOptions;
}

/** Gives a value the definition that makes it a part. */
export function definePart<T extends object>(value: T, definition: PartDefinition): T {
  Object.defineProperty(value, DEFINITION, { value: definition });
  return value;
}

/** Looks behind whatever the user gave as a part. INVALID_DECLARATION where it is none. */
export function toDefinition(value: unknown, where: string): PartDefinition {
  if ((typeof value === "object" || typeof value === "function") && value !== null) {
    const definition = (value as { [DEFINITION]?: PartDefinition })[DEFINITION];
    if (definition !== undefined) return definition;
    if (typeof value === "function") return { kind: "handlers", single: value as Handler, named: {} };
    const entries = Object.entries(value);
    const bad = entries.find(([, handler]) => typeof handler !== "function");
    if (bad !== undefined) {
      throw new HadronError(
        "INVALID_DECLARATION",
        `${where}: "${bad[0]}" is ${typeof bad[1]}, and should be a handler.`,
      );
    }
    if (entries.length === 0) {
      throw new HadronError(
        "INVALID_DECLARATION",
        `${where} has no procedure: give it a handler, or an object of handlers.`,
      );
    }
    return { kind: "handlers", single: undefined, named: value as Record<string, Handler> };
  }
  throw new HadronError(
    "INVALID_DECLARATION",
    `${where} is ${value === null ? "null" : typeof value}, and should be a handler, an object of handlers, a pattern or a service.`,
  );
}

/** The definition behind a service value, or undefined. */
export function serviceDefinition(value: unknown): ServiceDefinition | undefined {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return undefined;
  const definition = (value as { [DEFINITION]?: PartDefinition })[DEFINITION];
  return definition?.kind === "service" ? definition : undefined;
}

/** A handler, or an object of handlers, as a list of procedures. `single` names the one of a plain handler. */
export function toProcedures(handlers: HandlersDefinition, single: string): readonly ProcedureDefinition[] {
  const named = handlers.single === undefined ? handlers.named : { [single]: handlers.single };
  return Object.entries(named).map(([name, handler]) => ({ name, handler, options: procedureOptions(handler) }));
}
