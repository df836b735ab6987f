import { createClient } from "./call/client/client.ts";
import { type KubernetesOptions, resolveKubernetes } from "./declare/containers/kubernetes.ts";
import type {
  CertificateSource,
  Expose,
  ExposeOptions,
  Limits,
  PartDefinition,
  ResolvedServiceOptions,
  ServiceDefinition,
} from "./declare/definition.ts";
import { DEFAULT_LIMITS, definePart, givenDefinition, serviceDefinition, toDefinition } from "./declare/definition.ts";
import { GUARDS_NOBODY, type Guard } from "./declare/guard.ts";
import { checkProcedureName, checkServiceName } from "./declare/names.ts";
import { checkWhole, NEEDS, type Needs, resolveNeeds } from "./declare/needs.ts";
import { procedureOptions } from "./declare/procedure.ts";
import { noteDeclared, recordSite } from "./declare/site.ts";
import type { AnyService, Api, PartOf, Service, Wrapper } from "./declare/types.ts";
import { HadronError } from "./errors.ts";
import { readNetworks } from "./serve/outside/networks.ts";

/** What can be said of a service beside what it does; of what it needs, what only its deployer knows. */
export interface ServiceOptions extends Needs {
  /** How many replicas run. @default 1 */
  readonly replicas?: number;
  /**
   * An address outside the deployment: `true` for a free port on 127.0.0.1 that is kept where it can be, or which port,
   * on which address, and on a cluster by what means. @default false
   */
  readonly expose?: boolean | ExposeOptions;
  /** Bounds of one replica. @default 4000 calls at once, inputs and outputs of 16 MiB, 10 s to drain, 30 s without an answer */
  readonly limits?: Partial<Limits>;
  /**
   * Says who a caller from outside is, before anything else of its call: `context.caller.user` here and in all that it calls. Who shows
   * nothing that it knows is UNAUTHENTICATED. Services of routes have `before: [auth…]` in its place. @default anybody may call
   */
  readonly guard?: Guard;
  /** Stand around each call of its handlers, the first outermost: the place for authentication, tracing, caching. @default none */
  readonly around?: readonly Wrapper[];
  /** Labels, tolerations, requests and the like of its objects on a Kubernetes cluster; other runners read none of it. @default {} */
  readonly kubernetes?: KubernetesOptions;
}

/**
 * Declares a service. Nothing runs yet: `run` does that. The value is its own typed client.
 *
 * INVALID_DECLARATION if the name is no DNS name, a procedure's name has a meaning already, or an option is out of range.
 *
 * @example
 * export const greet = service("greet", (name: string) => `Hello, ${name}!`);
 * await greet("Ann"); // in a handler, a test or a script, once it runs
 */
export function service<A extends Api>(name: string, part: PartOf<A>, options: ServiceOptions = {}): Service<A> {
  if (checkServiceName(name).startsWith(HIDDEN)) {
    fail(`service "${name}"`, `names that begin with "${HIDDEN}" are Hadron's own; give it another`);
  }
  return define(name, false, part, options);
}

/**
 * Declares a service that the product itself has to run, such as a store: placed, probed, logged and killed as the user's
 * are. Its name begins with `hadron.`.
 */
export function hiddenService<A extends Api>(
  name: `hadron.${string}`,
  part: PartOf<A>,
  { first = false, variants = {}, mayUse = [], ...options }: HiddenServiceOptions = {},
): Service<A> {
  const parts = Object.entries(variants).map(([variant, other]) => [variant, toServicePart(name, other)]);
  const also = mayUse.flatMap((service) => serviceDefinition(service)?.name ?? []);
  return define(checkServiceName(name), true, part, options, {
    first,
    variants: Object.fromEntries(parts),
    mayUse: also,
  });
}

/** What can be said of a hidden service. */
export interface HiddenServiceOptions extends ServiceOptions {
  /** It prepares what others need: it is ready before others are started or replaced; where it fails, they stay. @default false */
  readonly first?: boolean;
  /** Parts of the same procedures that do its work otherwise, by the name under which whoever deploys chooses one. @default none */
  readonly variants?: Readonly<Record<string, unknown>>;
  /** Services that it calls where the app has them, and does without where not: they do not come along. @default none */
  readonly mayUse?: readonly AnyService[];
}

const HIDDEN = "hadron.";

/** What hidden services alone have, with nothing left open. */
interface Hidden extends Pick<ResolvedServiceOptions, "first" | "mayUse"> {
  readonly variants: ServiceDefinition["variants"];
}

function define<A extends Api>(
  name: string,
  hidden: boolean,
  part: PartOf<A>,
  options: ServiceOptions,
  { first, variants, mayUse }: Hidden = { first: false, variants: {}, mayUse: [] },
): Service<A> {
  const by = `service "${name}"`;
  const servicePart = toServicePart(name, part);
  if (servicePart.kind === "image" && options.around !== undefined) {
    fail(by, "around stands around handlers, and an image has none; put it around calls: name.with({ around })");
  }
  if (options.guard !== undefined && (servicePart.kind === "image" || takesAllHttp(servicePart))) {
    fail(by, GUARDS_NOBODY);
  }
  const site = recordSite();
  noteDeclared(site);
  const definition: ServiceDefinition = {
    kind: "service",
    name,
    hidden,
    part: servicePart,
    variants,
    options: { ...resolveOptions(by, options), first, mayUse },
    needs: resolveNeeds(by, { ...options, uses: [...(options.uses ?? []), ...(options.guard?.uses ?? [])] }),
    site,
  };
  return definePart(createClient(definition), definition) as unknown as Service<A>;
}

function takesAllHttp(part: PartDefinition): boolean {
  return (
    part.kind === "handlers" &&
    Object.values(part.named).some((handler) => procedureOptions(handler).face?.web === true)
  );
}

function toServicePart(name: string, part: unknown): PartDefinition {
  const definition = toDefinition(part, `service "${name}"`);
  if (definition.kind === "service") {
    throw new HadronError(
      "INVALID_DECLARATION",
      `service "${name}" is given the service "${definition.name}": a service has one name. Give the handler or pattern itself.`,
    );
  }
  if (definition.kind === "handlers") for (const key of Object.keys(definition.named)) checkProcedureName(name, key);
  return definition;
}

const KNOWN = ["replicas", "expose", ...NEEDS, "limits", "around", "guard", "kubernetes"];

/** Options that are said elsewhere, or in another word. */
const MOVED: Readonly<Record<string, string>> = {
  resources: `"resources" is called "capacity": { cpu?, memoryMiB? }`,
  port: `"port" is said of the image: image(reference, { port })`,
};

function resolveOptions(by: string, options: ServiceOptions): Omit<ResolvedServiceOptions, "first" | "mayUse"> {
  const unknown = Object.keys(options).find((key) => !KNOWN.includes(key));
  if (unknown !== undefined) {
    fail(by, MOVED[unknown] ?? `knows no option "${unknown}"; there are ${KNOWN.join(", ")}`);
  }
  const { replicas, expose = false, limits = {}, around = [], guard } = options;
  if (guard !== undefined && typeof guard.authenticate !== "function") {
    fail(by, "guard has no authenticate(credentials): auth of @hadron/http makes guards");
  }
  if (replicas !== undefined) checkWhole(by, "replicas", replicas, 1, 10_000);
  for (const wrapper of around) {
    if (typeof wrapper !== "function")
      fail(by, `around holds ${typeof wrapper}, and should hold functions (call, next) => …`);
  }
  const limit = (name: keyof typeof DEFAULT_LIMITS, from: number, to: number) =>
    checkWhole(by, `limits.${name}`, limits[name] ?? DEFAULT_LIMITS[name], from, to);
  return {
    replicas,
    expose: resolveExpose(by, expose),
    limits: {
      concurrency: limit("concurrency", 1, 1_000_000),
      inputBytes: limit("inputBytes", 1, 2 ** 31 - 1),
      outputBytes: limit("outputBytes", 1, 2 ** 31 - 1),
      drainMs: limit("drainMs", 0, 3_600_000),
      ...(limits.hangMs === undefined
        ? {}
        : { hangMs: checkWhole(by, "limits.hangMs", limits.hangMs, 1000, 86_400_000) }),
    },
    around: [...around],
    kubernetes: resolveKubernetes(by, options.kubernetes),
    guard,
  };
}

/** Decides what of an address was left open. INVALID_DECLARATION where what is said is none. */
export function resolveExpose(by: string, expose: boolean | ExposeOptions): Expose | null {
  if (expose === false) return null;
  const {
    port = null,
    host = "127.0.0.1",
    via = "port",
    hostname = null,
    url,
    addresses,
    tls = false,
    connectionsPerAddress,
    proxyProtocol,
  } = expose === true ? {} : expose;
  if (port !== null) checkWhole(by, "expose.port", port, 1, 65_535);
  if (!["port", "node-port", "load-balancer", "ingress"].includes(via)) {
    fail(by, `expose.via is "${via}", and should be port, node-port, load-balancer or ingress`);
  }
  if (url !== undefined && !/^https?:$/.test(URL.parse(url)?.protocol ?? "")) {
    fail(by, `expose.url is "${url}", and should be a URL such as https://shop.example`);
  }
  if (connectionsPerAddress !== undefined) {
    checkWhole(by, "expose.connectionsPerAddress", connectionsPerAddress, 1, 1_000_000);
  }
  readNetworks(proxyProtocol ?? [], (network) =>
    fail(by, `expose.proxyProtocol has "${network}", and should have addresses or networks such as 10.0.0.0/8`),
  );
  return {
    port,
    host,
    via,
    hostname,
    ...(url === undefined ? {} : { url }),
    ...(addresses === undefined ? {} : { addresses }),
    ...(connectionsPerAddress === undefined ? {} : { connectionsPerAddress }),
    ...(proxyProtocol === undefined ? {} : { proxyProtocol: [...proxyProtocol] }),
    ...(tls === false ? {} : { tls: tls === true ? tls : toCertificate(by, tls) }),
  };
}

function toCertificate(
  by: string,
  tls: Exclude<ExposeOptions["tls"], boolean | undefined>,
): NonNullable<Expose["tls"]> {
  const toSource = (given: unknown): CertificateSource => {
    const definition = givenDefinition(given);
    if (definition?.kind === "secret") return { secret: definition.name };
    if (typeof given === "string") return given;
    return fail(
      by,
      "expose.tls should be true, or { cert, key }: each the path of a file as seen from the app file, or a secret",
    );
  };
  return { cert: toSource(tls?.cert), key: toSource(tls?.key) };
}

function fail(by: string, what: string): never {
  throw new HadronError("INVALID_DECLARATION", `${by}: ${what}.`);
}
