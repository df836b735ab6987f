import { HadronError } from "../errors.ts";
import { TOPOLOGY_VERSION, type Topology } from "./topology.ts";

/**
 * Reads a topology that was deployed, by this version or the one before it, as the present form.
 * RUNNER_FAILED where a later version wrote it, or nobody of ours.
 */
export function readTopology(text: string): Topology {
  const topology = JSON.parse(text) as { readonly version?: number };
  if (topology.version === TOPOLOGY_VERSION) return topology as Topology;
  if (topology.version === 1) return fromFirst(topology as FirstTopology);
  throw new HadronError(
    "RUNNER_FAILED",
    `The app was deployed with a topology of version ${topology.version}, and this is a Hadron that knows ` +
      `${TOPOLOGY_VERSION}: use the version that deployed it, or a newer one.`,
  );
}

/** Version 1: the capacity was called resources, and an image had one port at most, without a name. */
interface FirstTopology {
  readonly app: string;
  readonly services: readonly (Omit<Topology["services"][number], "capacity" | "image"> & {
    readonly resources: Topology["services"][number]["capacity"];
    readonly image: {
      readonly reference: string;
      readonly args: readonly string[];
      readonly port: number | null;
    } | null;
  })[];
}

function fromFirst({ app, services }: FirstTopology): Topology {
  return {
    version: TOPOLOGY_VERSION,
    app,
    services: services.map(({ resources: capacity, image, ...rest }) => ({
      ...rest,
      capacity,
      image: image === null ? null : { reference: image.reference, args: image.args, ports: portsOf(image.port) },
    })),
  };
}

function portsOf(port: number | null): Readonly<Record<string, number>> {
  return port === null ? {} : { main: port };
}
