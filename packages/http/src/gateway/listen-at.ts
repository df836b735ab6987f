import { type AnyService, HadronError, type Handler, service } from "@hadron/core";
import {
  type CallTarget,
  type Contribution,
  defineContribution,
  type ExposeOptions,
  type Needs,
  serviceDefinition,
  targetOf,
  toLabel,
} from "@hadron/core/spi";
import { needsOf } from "../handle/needs.ts";
import { checkAmounts } from "../handle/options.ts";
import type { Filter } from "../routes/types.ts";
import { gateway } from "./gateway.ts";
import { type ListenMethod, type Place, toPlace } from "./place.ts";

/** What can be said of an address. */
export interface ListenOptions {
  /** Stand before it, the first outermost. @default none */
  readonly before?: readonly Filter[];
  /** Bytes of a body that is read as an input; more is 413. @default 1 048 576 */
  readonly maxBodyBytes?: number;
  /** How long the answer may take to begin; 504 then. @default 30 000 */
  readonly timeoutMs?: number;
  /** The status of an answer that is a value. @default 200 */
  readonly status?: number;
  /** The address of this machine, or container host, on which to listen. All addresses of an app share it. @default "127.0.0.1" */
  readonly host?: string;
  /** As `expose.tls` of a service. All addresses of an app share it. @default false: TLS ends at what stands before it */
  readonly tls?: ExposeOptions["tls"];
  /** As `expose.connectionsPerAddress` of a service. All addresses of an app share it. @default any number */
  readonly connectionsPerAddress?: number;
  /** As `expose.proxyProtocol` of a service. All addresses of an app share it. @default none */
  readonly proxyProtocol?: readonly string[];
  /** What the service that is made of a handler uses. @default nothing */
  readonly uses?: Needs["uses"];
}

/** An address of an app: given to `run`. */
export interface Listener extends Contribution {
  /** The URL, as it was declared. */
  readonly url: string;
  readonly method: ListenMethod;
}

/**
 * Declares the URL of a procedure: of a service that has one, of a procedure of one that has several (`orders.save`), of a
 * handler, which then is a service of its own, or of a service of routes, which gets requests whole. Give the value to `run`; the
 * service comes along. All addresses of an app are one hidden service, `hadron.gateway`.
 *
 * The procedure is given the body, read by its content type; where that is an object or there is none, parameters of the path
 * (`/orders/:id`) and of the query are fields of it. What it returns is the answer, as a route's is; errors become statuses by their code.
 *
 * INVALID_DECLARATION where the URL or method is none, or what it leads to cannot be called.
 *
 * @param url Its host decides which requests are meant. A port that it says is listened on; where it says none, a free one is, which
 *   is kept where it can be. On a cluster names become hosts of an Ingress.
 * @example
 * const insert = service("insert", (message: Message) => db.insert("messages", message), { uses: [db] });
 * const front = listenAt("https://shop.example.com/insert", "POST", insert);
 * await run(insert, front);
 */
export function listenAt(
  url: string,
  method: ListenMethod,
  target: AnyService | Handler,
  options: ListenOptions = {},
): Listener {
  const place = toPlace(url, method);
  const found = toFound(place, target, options);
  const { before = [], maxBodyBytes, timeoutMs, status, host } = options;
  checkAmounts({ maxBodyBytes, timeoutMs });
  const filters = [...guardsOf(found.service), ...before];
  const what = {
    ...found,
    place,
    before: filters,
    needs: needsOf(filters),
    maxBodyBytes,
    timeoutMs,
    status,
    listen: host,
    tls: options.tls,
    connectionsPerAddress: options.connectionsPerAddress,
    proxyProtocol: options.proxyProtocol,
  };
  return defineContribution({ url, method }, { to: gateway, name: place.text, what, brings: [found.service] });
}

interface Found {
  readonly service: AnyService;
  readonly target: () => CallTarget;
}

const KNOWN = [
  "before",
  "maxBodyBytes",
  "timeoutMs",
  "status",
  "host",
  "tls",
  "connectionsPerAddress",
  "proxyProtocol",
  "uses",
];

function toFound(place: Place, given: unknown, options: ListenOptions): Found {
  const refuse = (why: string): never => {
    throw new HadronError("INVALID_DECLARATION", `listenAt ${place.text}: ${why}.`);
  };
  const unknown = Object.keys(options).find((key) => !KNOWN.includes(key));
  if (unknown !== undefined) refuse(`there is no option "${unknown}"; there are ${KNOWN.join(", ")}`);
  const definition = serviceDefinition(given);
  if (definition === undefined && typeof given !== "function") {
    refuse(
      `it leads to ${given === null ? "null" : typeof given}, and should lead to a service, one of its procedures, or a handler`,
    );
  }
  const called = definition === undefined ? targetOf(given) : undefined;
  const isHandler = definition === undefined && called === undefined;
  if (!isHandler && options.uses !== undefined)
    refuse("uses is said of a handler; a service says for itself what it uses");
  const made = isHandler ? toService(place, given as Handler, options) : (given as AnyService);
  const service = called === undefined ? made : called.service;
  return { service, target: () => called ?? (targetOf(service) as CallTarget) };
}

/** A handler's service is named after its address. */
function toService({ key }: Place, handler: Handler, { uses = [] }: ListenOptions): AnyService {
  return service(toLabel(key === "/" || key.endsWith(" /") ? `${key}root` : key), handler, { uses }) as AnyService;
}

/** What stands before the service's exposed address stands before this one. */
function guardsOf(service: AnyService): readonly Filter[] {
  const guard = serviceDefinition(service)?.options.guard;
  if (guard === undefined) return [];
  if (typeof guard === "function") return [guard as unknown as Filter];
  throw new HadronError(
    "INVALID_DECLARATION",
    `"${serviceDefinition(service)?.name}" has a guard that is no filter of requests: make it with auth of @hadron/http.`,
  );
}
