import { HadronError } from "../errors.ts";
import type { ServiceTopology, Topology } from "./topology.ts";

/** What an app may ask for and not every runner can do. */
export type Feature =
  /** Runs container images that are not our own code. */
  | "containers"
  /** Keeps storage of a replica that is one of its kind. */
  | "storage"
  /** Makes secrets at the first `up`, and keeps them. */
  | "generated-secrets"
  /** Speaks TLS with outside callers. */
  | "tls"
  /** Sees the connections of outside callers themselves: whose they are, and how many. */
  | "connections"
  /** The same where something else on a cluster takes them: an Ingress, or an image. */
  | "others-connections"
  /** Has an Ingress, with a certificate that is named or given, speak TLS with them. */
  | "ingress-tls";

/** A runner, as far as it says what it can do. */
export interface Provider {
  readonly name: string;
  readonly provides: readonly Feature[];
}

/** The first thing that an app asks for and that is not provided; undefined where all is. Pure. */
export function findLack(topology: Topology, provides: readonly Feature[]): Lack | undefined {
  for (const service of topology.services) {
    const feature = featuresOf(service, topology).find((asked) => !provides.includes(asked));
    if (feature !== undefined) return { feature, service };
  }
  return undefined;
}

/** What is asked for and not provided. */
export interface Lack {
  readonly feature: Feature;
  /** The service that asks for it. */
  readonly service: ServiceTopology;
}

/** Says who lacks what, and which of these runners has it; WRONG_USE. Without runners: where there are none to choose from. */
export function toLackError({ feature, service }: Lack, who: string, runners?: readonly Provider[]): HadronError {
  const [asked, lacked, remedy] = WORDS[feature](service);
  const names = (runners ?? [])
    .filter(({ provides }) => provides.includes(feature))
    .map(({ name }) => `--runner=${name}`);
  const use = names.length === 0 ? "no runner that is installed does" : `use ${names.join(" or ")}`;
  const ways = [...(runners === undefined ? [] : [use]), ...(remedy === undefined ? [] : [remedy])];
  const text = `"${service.name}" ${asked}, and ${who} ${lacked}`;
  return new HadronError("WRONG_USE", ways.length === 0 ? `${text}.` : `${text}: ${ways.join(", or ")}.`);
}

function featuresOf(service: ServiceTopology, topology: Topology): readonly Feature[] {
  const { image, standIn, storage, generated, exposed } = service;
  return [
    ...(image !== null && standIn === undefined ? (["containers"] as const) : []),
    ...(storage === null ? [] : (["storage"] as const)),
    ...(generated === undefined ? [] : (["generated-secrets"] as const)),
    ...(exposed?.connectionsPerAddress === undefined && exposed?.proxyProtocol === undefined
      ? []
      : ([exposed.via === "ingress" || image !== null ? "others-connections" : "connections"] as const)),
    ...(exposed?.tls === undefined ? [] : ([isOfIngress(service, topology) ? "ingress-tls" : "tls"] as const)),
  ];
}

/** Whether an Ingress can end TLS for it: one of this machine's own authority is worth nothing on a cluster. */
function isOfIngress({ exposed, kubernetes }: ServiceTopology, topology: Topology): boolean {
  const said = { ...topology.kubernetes?.ingress, ...kubernetes?.ingress };
  return exposed?.via === "ingress" && (exposed.tls !== true || said.tls !== undefined || said.gateway !== undefined);
}

const LOOKS = "looks at its callers' connections (expose.connectionsPerAddress, expose.proxyProtocol)";

/** What the service asks for, what a runner without it does not do, and what else helps. */
const WORDS: Readonly<Record<Feature, (service: ServiceTopology) => readonly [string, string, string?]>> = {
  containers: ({ image }) => [
    `is the image ${image?.reference}`,
    "runs no containers",
    "give it a part that takes its place, image(…, { standIn })",
  ],
  storage: () => ["has storage", "keeps none"],
  "generated-secrets": ({ generated = [] }) => [`asks for generated secrets (${generated.join(", ")})`, "makes none"],
  tls: ({ exposed }) => [
    "is to be exposed over TLS (expose.tls)",
    "does not speak it",
    exposed?.via === "ingress"
      ? 'say whose certificate its Ingress has: kubernetes: { ingress: { tls: { secret: "NAME" } } }, { issuer } or { clusterIssuer }, or tls: { cert, key }'
      : 'have an Ingress end it, with a certificate of your own: expose: { via: "ingress", hostname: "…", tls: { cert, key } }',
  ],
  connections: () => [LOOKS, "does not see them", "leave that away"],
  "others-connections": ({ image }) =>
    image === null
      ? [
          LOOKS,
          "sees those of its Ingress alone",
          'say that to the Ingress\'s controller, or expose it by via: "node-port" or "load-balancer"',
        ]
      : [LOOKS, "has an image take them itself", "leave that away, and say it to the image"],
  "ingress-tls": () => ["is to be exposed over TLS (expose.tls)", "does not speak it", "leave tls away"],
};
