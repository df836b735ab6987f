import { HadronError } from "../errors.ts";
import type { Authenticator } from "../scope/credentials.ts";
import type { Preflight, ResourceVerb } from "../verb/resource-verb.ts";
import type { ImageTopology } from "./containers/image-topology.ts";
import type { ResolvedKubernetes } from "./containers/kubernetes.ts";
import { type Life, lifeOf } from "./life.ts";
import type { ProcedureOptions } from "./procedure.ts";
import { procedureOptions } from "./procedure.ts";
import type { CallOptions, Handler, Wrapper } from "./types.ts";

const DEFINITION = Symbol.for("dev.hadron.definition");
/** On a value that a replica is given. */
const GIVEN = Symbol.for("dev.hadron.given");
/** On a handler: what it needs. */
const HANDLER_NEEDS = Symbol.for("dev.hadron.needs");

/** What stands behind a part. Only this package and its SPI look at it. */
export type PartDefinition = HandlersDefinition | PatternDefinition | ServiceDefinition | ImageDefinition;

/** One handler, named as its service, or several by name. */
export interface HandlersDefinition {
  readonly kind: "handlers";
  /** The one handler; its procedure is named as the service. */
  readonly single: Handler | undefined;
  readonly named: Readonly<Record<string, Handler>>;
  /** What it does in a replica without being called. */
  readonly life: Life | undefined;
  readonly needs: readonly Needed[];
}

export interface PatternDefinition {
  readonly kind: "pattern";
  /** The pattern's name, e.g. `scatter`. */
  readonly pattern: string;
  readonly children: Readonly<Record<string, ChildDefinition>>;
  /** Makes the root's handlers: once for each replica, and once when it is declared, to learn their names. */
  readonly root: (clients: any) => unknown;
  /** Of the replicas in which the root runs. */
  readonly needs: readonly Needed[];
  /** What the service's value offers beside its procedures; undefined: nothing. */
  readonly offers: Offers | undefined;
}

/** Makes what a service's value offers beside its procedures, from the way to call it. */
export type Offers = (service: OfferedService) => Readonly<Record<string, unknown>>;

/** A service, for what its value offers. */
export interface OfferedService {
  readonly name: string;
  call(procedure: string, input: unknown, options?: CallOptions): Promise<unknown>;
}

/** A child of a pattern, as it was declared: how many of what. */
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
  /** What takes its place where no containers run. */
  readonly standIn: StandIn | undefined;
  readonly needs: readonly Needed[];
}

/** A part that works without being called: it has no procedures, and no children. */
export type StandIn = HandlersDefinition | PatternDefinition;

/** A service as it was declared, every option decided: what its value carries, and `compose` reads. */
export interface ServiceDefinition {
  readonly kind: "service";
  readonly name: string;
  /** What the product itself has to run: it comes along where it is needed. */
  readonly hidden: boolean;
  readonly part: PartDefinition;
  /** What may take the part's place, by the name under which it is chosen. */
  readonly variants: Readonly<Record<string, PartDefinition>>;
  readonly options: ResolvedServiceOptions;
  /** What its own options say that it needs. */
  readonly needs: Needed;
  readonly site: Site;
}

/** Where something was declared. Read lazily: formatting a stack is slow. */
export interface Site {
  readonly stack?: string;
}

/** What a part needs of the replicas in which it runs, with nothing left open. Sizes in bytes. */
export interface Needed {
  /** Whose need it is, for messages, e.g. `service "greet"`. */
  readonly by: string;
  readonly site: Site;
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
  readonly generated: readonly string[];
  readonly files: readonly string[];
  /** What of it is said. */
  readonly capacity: { readonly cpu?: number; readonly memoryBytes?: number };
  readonly storage: { readonly path: string; readonly sizeBytes: number } | null;
  readonly details: Readonly<Record<string, string>>;
  readonly uses: readonly ServiceDefinition[];
  readonly resources: readonly ResourceDefinition[];
  readonly captures: readonly CaptureDefinition[];
}

/** What a replica is given beside its code, as a value: a secret, or what was captured. A service that `uses` it has it. */
export interface Given {
  readonly [Symbol.toStringTag]: "HadronGiven";
}

/** What stands behind such a value. */
export type GivenDefinition = SecretDefinition | CaptureDefinition;

/** A secret of whoever deploys, as a value. */
export interface SecretDefinition {
  readonly kind: "secret";
  /** Of the environment variable. */
  readonly name: string;
}

/** A value that is computed when the app is deployed. */
export interface CaptureDefinition {
  readonly kind: "capture";
  readonly name: string;
  /** When it is computed again: with a new revision, with each `up`, or where somebody says so. */
  readonly on: "revision" | "up" | "once";
  /** Whether `plan` computes it as well: it only reads. */
  readonly plan: boolean;
  /** Whether nobody but the services that use it may see it. */
  readonly isSecret: boolean;
  readonly evaluate: () => unknown;
  readonly site: Site;
}

/** Something that the app keeps. */
export interface ResourceDefinition {
  /** What kind of thing, e.g. `keyValue`. */
  readonly kind: string;
  readonly name: string;
  /** What `describe` shows of it. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The hidden service that keeps it. */
  readonly keeper: ServiceDefinition;
  /** What the keeper needs to know of it beside that. */
  readonly keeping: unknown;
  /** What whoever uses it takes along. */
  readonly files: readonly string[];
  /** What the command line of an app that has it can do beside the rest. */
  readonly verbs: readonly ResourceVerb[];
  /** The address that its keeper needs for its sake. */
  readonly expose: Expose | null;
  /** What is said of it before other code runs on it. */
  readonly preflight: Preflight | undefined;
  readonly site: Site;
}

/** The options of a service that no part has, with nothing left open. */
export interface ResolvedServiceOptions {
  readonly replicas: number | undefined;
  readonly expose: Expose | null;
  readonly limits: Limits;
  /** What stands around its handlers: no part of the topology, as no code is. */
  readonly around: readonly Wrapper[];
  /** Says who a caller from outside is. */
  readonly guard: Authenticator | undefined;
  /** Whether it is ready before other services are started or replaced: see `ServiceTopology.first`. */
  readonly first: boolean;
  /** The services that it uses where the app has them. */
  readonly mayUse: readonly string[];
  /** What is said of its objects on a cluster. */
  readonly kubernetes: ResolvedKubernetes;
}

/** How a service is reached from outside the deployment. */
export interface Expose {
  /** The port outside; null: a free one, kept where it can be. */
  readonly port: number | null;
  /** The address to listen on. */
  readonly host: string;
  /** How a cluster exposes it. */
  readonly via: "port" | "node-port" | "load-balancer" | "ingress";
  /** The host name of an ingress, several, or null. */
  readonly hostname: string | readonly string[] | null;
  /** Where callers find it, where something stands before it that only you know of: `https://shop.example`. @default what its runner knows */
  readonly url?: string;
  /** How callers speak TLS with it; absent: they do not. */
  readonly tls?: true | { readonly cert: CertificateSource; readonly key: CertificateSource };
  /**
   * Connections of one caller that are open at once, in each process that takes them: one address, of IPv6 its /64. One more is closed.
   * Not behind an Ingress of a cluster, where they are the Ingress's. @default any number
   */
  readonly connectionsPerAddress?: number;
  /**
   * Addresses and networks of proxies, such as `10.0.0.0/8`, that begin each connection with a PROXY header (version 1 or 2), which says whose
   * it is: one that comes from there without is closed, and of any other nothing is believed. Not behind an Ingress of a cluster. @default none
   */
  readonly proxyProtocol?: readonly string[];
  /** What is found there, for those who read: methods and URLs, as in `POST https://shop.example/insert`. @default nothing is said */
  readonly addresses?: readonly string[];
}

/** Where a certificate, or its key, is found: a file, as seen from the app file, or a secret. */
export type CertificateSource = string | { readonly secret: string };

/** What can be said of a service's address. */
export interface ExposeOptions extends Partial<Omit<Expose, "tls">> {
  /**
   * Callers come over TLS, 1.2 at least, with HTTP/1.1 or HTTP/2; those without it are sent there. `true`: certificates of an authority of your own,
   * made once, for `localhost`, its addresses, and names below `.localhost`. Else a certificate of yours and its key, in PEM: each the
   * path of a file, as seen from the app file, or a `secret`. On a cluster it is for an address by an Ingress. @default false
   *
   * @example
   * service("web", routes, { expose: { port: 8443, tls: { cert: "cert.pem", key: secret("WEB_KEY") } } });
   */
  readonly tls?: boolean | { readonly cert: string | Given; readonly key: string | Given };
}

/** The secrets of which an address's certificate is made. They are for what ends TLS, and no replica has them. */
export function certificateSecrets(exposed: Expose | null): readonly string[] {
  const { tls } = exposed ?? {};
  if (tls === undefined || tls === true) return [];
  return [tls.cert, tls.key].flatMap((source) => (typeof source === "string" ? [] : [source.secret]));
}

/** The host names of an ingress. */
export function hostnamesOf({ hostname }: Pick<Expose, "hostname">): readonly string[] {
  return hostname === null ? [] : typeof hostname === "string" ? [hostname] : hostname;
}

/** What a replica takes, and how long it works on when it is told to stop. */
export interface Limits {
  /** Calls at work in one replica, those that wait for other services among them; one more is OVERLOADED. */
  readonly concurrency: number;
  /** Bytes of one encoded input. */
  readonly inputBytes: number;
  /** Bytes of one encoded output. */
  readonly outputBytes: number;
  /** How long a replica that was told to stop works on. */
  readonly drainMs: number;
  /** How long a replica may answer nothing at all, as in a loop without end, until it is started again. @default 30 s */
  readonly hangMs?: number;
}

const HANG_MS = 30_000;

/** See {@link Limits.hangMs}. */
export function hangMsOf({ hangMs = HANG_MS }: Pick<Limits, "hangMs">): number {
  return hangMs;
}

/** Of a service whose declaration says nothing else. */
export const DEFAULT_LIMITS: Required<Omit<Limits, "hangMs">> = {
  // What waits for another service that is away counts: 200 calls a second for twenty seconds.
  concurrency: 4000,
  inputBytes: 16 * 1024 * 1024,
  outputBytes: 16 * 1024 * 1024,
  drainMs: 10_000,
};

/** A procedure as it was declared: its name, its handler, and what is said of it. */
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

/** The definition behind a part that was made with one: a pattern, an image, a service. Plain handlers have none. */
export function partDefinition(value: unknown): PartDefinition | undefined {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return undefined;
  return (value as { [DEFINITION]?: PartDefinition })[DEFINITION];
}

/** Looks behind whatever the user gave as a part. INVALID_DECLARATION where it is none. */
export function toDefinition(value: unknown, where: string): PartDefinition {
  const definition = partDefinition(value);
  if (definition !== undefined) return definition;
  if ((typeof value === "object" || typeof value === "function") && value !== null) {
    const life = lifeOf(value, where);
    if (typeof value === "function") {
      refuseGenerator(value, where);
      return {
        kind: "handlers",
        single: value as Handler,
        named: besideOf(value as Handler),
        life,
        needs: needsOfHandler(value as Handler),
      };
    }
    const entries = Object.entries(value);
    const bad = entries.find(([, handler]) => typeof handler !== "function");
    if (bad !== undefined) {
      throw new HadronError(
        "INVALID_DECLARATION",
        `${where}: "${bad[0]}" is ${typeof bad[1]}, and should be a handler.`,
      );
    }
    if (entries.length === 0 && life === undefined) {
      throw new HadronError(
        "INVALID_DECLARATION",
        `${where} has no procedure: give it a handler, or an object of handlers.`,
      );
    }
    const named = value as Record<string, Handler>;
    for (const [name, handler] of entries) refuseGenerator(handler, `${where}: "${name}"`);
    return { kind: "handlers", single: undefined, named, life, needs: Object.values(named).flatMap(needsOfHandler) };
  }
  throw new HadronError(
    "INVALID_DECLARATION",
    `${where} is ${value === null ? "null" : typeof value}, and should be a handler, an object of handlers, a pattern or a service.`,
  );
}

/** What it gives holds its items inside, and nobody would take them out. */
function refuseGenerator(handler: object, where: string): void {
  if (Object.prototype.toString.call(handler) !== "[object GeneratorFunction]") return;
  throw new HadronError(
    "INVALID_DECLARATION",
    `${where} is a generator: write async function* (async * in an object) to send its items one by one, or return an array.`,
  );
}

/** What a single handler needs: nothing, for a plain function. */
function needsOfHandler(handler: Handler): readonly Needed[] {
  return (handler as { [HANDLER_NEEDS]?: readonly Needed[] })[HANDLER_NEEDS] ?? [];
}

/** Makes a handler need that, too. */
export function addNeedsToHandler(handler: Handler, needs: readonly Needed[]): void {
  Object.assign(handler, { [HANDLER_NEEDS]: [...needsOfHandler(handler), ...needs] });
}

/** The definition behind a service value, or undefined. */
export function serviceDefinition(value: unknown): ServiceDefinition | undefined {
  const definition = partDefinition(value);
  return definition?.kind === "service" ? definition : undefined;
}

/** The name of other procedures of a service of one handler, on that handler: an object of handlers. */
export const beside: unique symbol = Symbol.for("dev.hadron.beside") as never;

function besideOf(handler: Handler): Readonly<Record<string, Handler>> {
  return (handler as { [beside]?: Readonly<Record<string, Handler>> })[beside] ?? {};
}

/** A handler, or an object of handlers, as a list of procedures. `single` names the one of a plain handler. */
export function toProcedures(handlers: HandlersDefinition, single: string): readonly ProcedureDefinition[] {
  const named = { ...(handlers.single === undefined ? {} : { [single]: handlers.single }), ...handlers.named };
  return Object.entries(named).map(([name, handler]) => ({ name, handler, options: procedureOptions(handler) }));
}

/** Marks a function as the value of what a replica is given. */
export function defineGiven<T extends object>(value: T, definition: GivenDefinition): T & Given {
  Object.defineProperty(value, GIVEN, { value: definition });
  Object.defineProperty(value, Symbol.toStringTag, { value: "HadronGiven" });
  return value as T & Given;
}

/** The definition behind a secret or a captured value, or undefined. */
export function givenDefinition(value: unknown): GivenDefinition | undefined {
  return typeof value === "function" ? (value as { [GIVEN]?: GivenDefinition })[GIVEN] : undefined;
}
