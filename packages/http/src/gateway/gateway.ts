import { type AnyService, type Context, HadronError, type Part, procedure } from "@hadron/core";
import {
  type Added,
  type Assembly,
  type CallTarget,
  type ExposeOptions,
  hiddenService,
  lineOf,
  type Needs,
  type WebInput,
  type WebOutput,
  withNeeds,
} from "@hadron/core/spi";
import { problem } from "../answer/http-answer.ts";
import { toAnswer, toOutput } from "../answer/to-answer.ts";
import { type Mounted, WebHandler } from "../handle/handle.ts";
import { resolveOptions } from "../handle/options.ts";
import type { WebApi } from "../http.ts";
import { arrive } from "../request/arrived.ts";
import { Matcher } from "../routes/matcher.ts";
import type { Filter } from "../routes/types.ts";
import { Sockets } from "../sockets/sockets.ts";
import { type ForwardOptions, forward } from "./forward.ts";
import { isAddress, isThisMachine, type Place, toHost } from "./place.ts";

/** An address, and what is found there. */
export interface Listening extends ForwardOptions {
  readonly place: Place;
  readonly service: AnyService;
  /** What is called. Looked for once the app is composed: what a pattern offers is known then. */
  readonly target: () => CallTarget;
  readonly before: readonly Filter[];
  /** What its filters look at, and with what they sign. */
  readonly needs: Needs;
  /** The address on which it listens; undefined: this machine's own. */
  readonly listen: string | undefined;
  readonly tls: ExposeOptions["tls"];
  readonly connectionsPerAddress: number | undefined;
  readonly proxyProtocol: readonly string[] | undefined;
}

type Said = Added<Listening>;

const NAME = "hadron.gateway";

/** Ports that a cluster opens on each of its nodes, unless it was told otherwise. */
const NODE_PORTS = { from: 30_000, to: 32_767 } as const;

/** All addresses of an app are one hidden service: `Host` decides, then the path. It calls what is found there as any service calls another. */
export const gateway: Assembly<Listening> = {
  name: NAME,
  assemble(added) {
    checkPlaces(added);
    return hiddenService(NAME, toPart(added), { expose: toExpose(added), kubernetes: { replicas: 2 } });
  },
};

function toPart(added: readonly Said[]): Part<WebApi> {
  const handlers = toHandlers(added);
  const description = "Answers requests at the app's addresses.";
  const fetch = procedure({ face: { web: true }, description }, async (input: WebInput, context: Context) => {
    const arrived = await arrive(input);
    const handler = find(handlers, toHost(arrived.headers.host ?? ""));
    return handler?.answer(arrived, context) ?? misdirected(arrived.headers.host, [...handlers.keys()]);
  });
  const needs = added.map(({ what }) => what.needs);
  return withNeeds<WebApi>(
    { fetch } as unknown as WebApi,
    {
      uses: [...added.map(({ what }) => what.service), ...needs.flatMap(({ uses = [] }) => uses)],
      generated: [...new Set(needs.flatMap(({ generated = [] }) => generated))],
    },
    NAME,
  );
}

function toHandlers(added: readonly Said[]): ReadonlyMap<string, WebHandler> {
  // What is behind an address has compressed what it wants to.
  const options = resolveOptions({ compress: false });
  const byHost = Map.groupBy(added, ({ what }) => what.place.host);
  return new Map(
    [...byHost].map(([host, here]) => {
      const routes = here.map(({ what }): [string, Mounted] => [what.place.key, toMounted(what)]);
      return [host, new WebHandler(new Matcher(routes), options, new Sockets())];
    }),
  );
}

function toMounted(listening: Listening): Mounted {
  const target = listening.target();
  return {
    kind: "forward",
    before: listening.before,
    forward: (found, app) => forward(target, listening, found, app),
  };
}

/** Who asks for an address and no name, or for this machine, means the only host that there is. */
function find(handlers: ReadonlyMap<string, WebHandler>, host: string): WebHandler | undefined {
  const found = handlers.get(host);
  if (found !== undefined || handlers.size > 1) return found;
  return host === "" || isAddress(host) || isThisMachine(host) ? [...handlers.values()][0] : undefined;
}

async function misdirected(host = "", known: readonly string[]): Promise<WebOutput> {
  const detail = `Nothing of this app is at the host "${host}"; there is ${known.join(", ")}.`;
  return toOutput(await toAnswer(problem(421, detail)));
}

/** INVALID_DECLARATION where two are in one place. */
function checkPlaces(added: readonly Said[]): void {
  for (const here of Map.groupBy(added, ({ what }) => what.place.identity).values()) {
    const [first, second] = here;
    if (first === undefined || second === undefined) continue;
    throw new HadronError(
      "INVALID_DECLARATION",
      `Two of the app are at one place: ${tell(first)}, and ${tell(second)}.`,
    );
  }
}

function tell({ what, site }: Said): string {
  return `listenAt ${what.place.text} at ${lineOf(site) ?? "somewhere"}`;
}

/** How the service is reached. INVALID_DECLARATION where addresses want several ports, or to listen on several addresses. */
function toExpose(added: readonly Said[]) {
  const port = only(added, "ports", ({ place }) => place.port);
  const host = only(added, "addresses to listen on", ({ listen }) => listen);
  const tls = only(added, "tls", (listening) => listening.tls);
  const connectionsPerAddress = only(added, "connectionsPerAddress", (listening) => listening.connectionsPerAddress);
  const proxyProtocol = only(added, "proxyProtocol", (listening) => listening.proxyProtocol);
  const places = added.map(({ what }) => what.place);
  const names = [...new Set(places.map((place) => place.host))].filter(
    (name) => !isThisMachine(name) && !isAddress(name),
  );
  const isNodePort = port !== undefined && port >= NODE_PORTS.from && port <= NODE_PORTS.to;
  return {
    ...(port === undefined ? {} : { port }),
    ...(host === undefined ? {} : { host }),
    ...(tls === undefined ? {} : { tls }),
    ...(connectionsPerAddress === undefined ? {} : { connectionsPerAddress }),
    ...(proxyProtocol === undefined ? {} : { proxyProtocol }),
    via: names.length > 0 ? ("ingress" as const) : isNodePort ? ("node-port" as const) : ("port" as const),
    ...(names.length === 0 ? {} : { hostname: names }),
    addresses: places.map(({ text }) => text),
  };
}

function only<T>(added: readonly Said[], what: string, of: (listening: Listening) => T | undefined): T | undefined {
  const said = added.filter((each) => of(each.what) !== undefined);
  const [first] = said;
  const other = said.find(
    (each) => first !== undefined && JSON.stringify(of(each.what)) !== JSON.stringify(of(first.what)),
  );
  if (first === undefined) return undefined;
  if (other !== undefined) {
    throw new HadronError(
      "INVALID_DECLARATION",
      `The addresses of an app share what they listen on, and two say different ${what}: ${tell(first)}, and ${tell(other)}.`,
    );
  }
  return of(first.what);
}
