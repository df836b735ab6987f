import type { RunningApp, Topology } from "@hadron/core/spi";
import { own } from "@hadron/core/spi";
import type { AppDataPlace } from "../folder/app-data.ts";
import type { Deployment } from "./deployment.ts";

/** What the process that has an app's name says of itself to another. */
export type Holder = NameHolder | Description;

/** It has the name, and is about to start, or is ending. */
export interface NameHolder {
  readonly pid: number;
  readonly ending?: boolean;
}

/** What a deployment says of itself. */
export interface Description {
  /** The process that holds it. */
  readonly pid: number;
  readonly entry: string;
  readonly revision: string;
  /** Of the code and all that goes along with it. */
  readonly layoutHash: string;
  readonly topology: Topology;
  /** Its captured values that are no secrets, where it has some. */
  readonly captured?: string | undefined;
  /** How many replicas of each service run. */
  readonly counts: Readonly<Record<string, number>>;
  readonly endpoints: Readonly<Record<string, string | null>>;
  /** Where it stores. Absent in what earlier versions run. */
  readonly data?: AppDataPlace;
}

/** Tests whether a holder has something that runs. */
export function isDescription(holder: Holder | undefined): holder is Description {
  return holder !== undefined && "topology" in holder;
}

export function describeDeployment({ data, release, services }: Deployment): Description {
  return {
    pid: process.pid,
    entry: release.entry,
    revision: release.revision,
    layoutHash: release.layoutHash,
    topology: release.topology,
    captured: release.captured,
    counts: Object.fromEntries(services.map(({ name, replicas }) => [name, replicas.length])),
    data,
    endpoints: Object.fromEntries(services.map(({ name, exposure }) => [name, exposure?.endpoint ?? null])),
  };
}

export function toRunningApp({ topology, endpoints }: Description): RunningApp {
  const services = topology.services.map(({ name, procedures }) => ({
    name,
    procedures,
    endpoint: own(endpoints, name) ?? null,
  }));
  return { app: topology.app, runner: "local", services };
}
