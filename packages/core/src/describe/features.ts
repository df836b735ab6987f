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
  | "tls";

/** A runner, as far as it says what it can do. */
export interface Provider {
  readonly name: string;
  readonly provides: readonly Feature[];
}

/** The first thing that an app asks for and that is not provided; undefined where all is. Pure. */
export function findLack(topology: Topology, provides: readonly Feature[]): Lack | undefined {
  for (const service of topology.services) {
    const feature = featuresOf(service).find((asked) => !provides.includes(asked));
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

function featuresOf({ image, standIn, storage, generated, exposed }: ServiceTopology): readonly Feature[] {
  return [
    ...(image !== null && standIn === undefined ? (["containers"] as const) : []),
    ...(storage === null ? [] : (["storage"] as const)),
    ...(generated === undefined ? [] : (["generated-secrets"] as const)),
    ...(exposed?.tls === undefined ? [] : (["tls"] as const)),
  ];
}

/** What the service asks for, what a runner without it does not do, and what else helps. */
const WORDS: Readonly<Record<Feature, (service: ServiceTopology) => readonly [string, string, string?]>> = {
  containers: ({ image }) => [
    `is the image ${image?.reference}`,
    "runs no containers",
    "give it a part that takes its place, image(…, { standIn })",
  ],
  storage: () => ["has storage", "keeps none"],
  "generated-secrets": ({ generated = [] }) => [`asks for generated secrets (${generated.join(", ")})`, "makes none"],
  tls: () => [
    "is to be exposed over TLS (expose.tls)",
    "does not speak it",
    "leave tls away, and put what ends it in front, such as an Ingress with a certificate",
  ],
};
