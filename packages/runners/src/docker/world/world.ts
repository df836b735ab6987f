import { networkInterfaces } from "node:os";
import type { Engine } from "../engine/client.ts";
import type { ContainerSummary, ImageSummary, NetworkSummary, PortSummary, VolumeSummary } from "../engine/types.ts";
import type { IngressForm } from "../names/ingress-form.ts";
import { isOf, LABEL, ofApp, type Role } from "../names/labels.ts";
import { networkName } from "../names/names.ts";

/** A container of the app as the engine shows it. */
export interface SeenContainer {
  readonly id: string;
  readonly name: string;
  readonly service: string;
  /** -1: an ingress. */
  readonly ordinal: number;
  readonly role: Role;
  readonly revision: string;
  readonly spec: string | undefined;
  readonly state: ContainerSummary["State"];
  /** Whether it is on the app's network. */
  readonly connected: boolean;
  /** Its address there, where this machine can reach it; undefined while it does not run. */
  readonly address: string | undefined;
  readonly ports: readonly PortSummary[];
  /** Whether outside callers speak TLS with it. */
  readonly tls: boolean;
  readonly procedures: readonly string[];
  /** Seconds since 1970. */
  readonly created: number;
  /** The volumes that it mounts. */
  readonly volumes: readonly string[];
  /** What runs in an ingress, where that was read: see `readForms`. */
  readonly form?: IngressForm | undefined;
}

export interface SeenVolume {
  readonly name: string;
  readonly role: Role;
  readonly service: string | undefined;
}

/** What the engine has of one app, and what is in its way. */
export interface World {
  readonly containers: readonly SeenContainer[];
  /** Names of containers and of the network that the app would use, and that belong to somebody else. */
  readonly taken: ReadonlySet<string>;
  readonly networkId: string | undefined;
  readonly volumes: readonly SeenVolume[];
  /** The tags of the app's images. */
  readonly images: readonly string[];
}

/** Looks at the engine: five listings at once, however many replicas there are. */
export async function lookAt(engine: Engine, app: string, signal?: AbortSignal): Promise<World> {
  const named = JSON.stringify({ name: [`^/?${app}\\.`] });
  const filters = ofApp(app);
  const [containers, byName, networks, volumes, images] = await Promise.all([
    listContainers(engine, filters, signal),
    listContainers(engine, named, signal),
    engine.get<readonly NetworkSummary[]>("/networks", {
      query: { filters: JSON.stringify({ name: [networkName(app)] }) },
      signal,
    }),
    engine.get<{ readonly Volumes: readonly VolumeSummary[] | null }>("/volumes", { query: { filters }, signal }),
    engine.get<readonly ImageSummary[]>("/images/json", { query: { filters }, signal }),
  ]);
  const network = networks.find((network) => network.Name === networkName(app));
  const strangers = byName
    .filter((stranger) => !isOf(app, stranger.Labels))
    .flatMap((stranger) => stranger.Names.map((name) => name.slice(1)));
  const ours = network !== undefined && isOf(app, network.Labels);
  return {
    containers: containers
      .filter((container) => container.State !== "removing")
      .map((container) => toSeen(container, app)),
    taken: new Set([...strangers, ...(network !== undefined && !ours ? [network.Name] : [])]),
    networkId: ours ? network.Id : undefined,
    volumes: (volumes.Volumes ?? []).map(({ Name, Labels }) => ({
      name: Name,
      role: (Labels?.[LABEL.role] ?? "storage") as Role,
      service: Labels?.[LABEL.service],
    })),
    images: images.flatMap((image) => tagsOf(image)),
  };
}

/** An engine may write the absence of a tag as a tag. */
export function tagsOf({ RepoTags }: ImageSummary): readonly string[] {
  return (RepoTags ?? []).filter((tag) => tag !== "<none>:<none>");
}

export function listContainers(
  engine: Engine,
  filters: string,
  signal?: AbortSignal,
): Promise<readonly ContainerSummary[]> {
  return engine.get<readonly ContainerSummary[]>("/containers/json", { query: { all: true, filters }, signal });
}

/** The containers of one app that are replicas, or an ingress. */
export async function seeContainers(
  engine: Engine,
  app: string,
  signal?: AbortSignal,
): Promise<readonly SeenContainer[]> {
  const all = await listContainers(engine, ofApp(app), signal);
  return all.map((summary) => toSeen(summary, app)).filter(({ role }) => role !== "writer");
}

export function toSeen(summary: ContainerSummary, app: string): SeenContainer {
  const labels = summary.Labels ?? {};
  const network = summary.NetworkSettings?.Networks?.[networkName(app)];
  return {
    id: summary.Id,
    name: (summary.Names[0] ?? "/").slice(1),
    service: labels[LABEL.service] ?? "",
    ordinal: Number(labels[LABEL.ordinal] ?? "-1"),
    role: (labels[LABEL.role] ?? "replica") as Role,
    revision: labels[LABEL.revision] ?? "",
    spec: labels[LABEL.spec],
    state: summary.State,
    connected: network !== undefined,
    // The gateway of a bridge is this machine's own address only where nothing (a VM, another host) is between.
    address: network?.IPAddress && isOwnAddress(network.Gateway) ? network.IPAddress : undefined,
    ports: summary.Ports ?? [],
    tls: labels[LABEL.tls] === "true",
    procedures: labels[LABEL.procedures]?.split(",") ?? [],
    created: summary.Created,
    volumes: (summary.Mounts ?? []).flatMap((mount) =>
      mount.Type === "volume" && mount.Name !== undefined ? [mount.Name] : [],
    ),
  };
}

function isOwnAddress(address: string | undefined): boolean {
  return Object.values(networkInterfaces()).some((all) => all?.some((own) => own.address === address));
}
