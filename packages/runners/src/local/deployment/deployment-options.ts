import type { AppDataPlace } from "../folder/app-data.ts";
import type { RunFolder } from "../folder/run-folder.ts";
import type { Watchdog } from "../folder/watchdog.ts";
import type { ExposureCertificates } from "../ports/exposures.ts";
import type { PortMemory } from "../ports/port-memory.ts";
import type { Inspected } from "../replica/inspect.ts";
import type { Clock } from "../replica/restart-policy.ts";

/** What a deployment works with. */
export interface DeploymentOptions {
  readonly folder: RunFolder;
  readonly watchdog: Watchdog;
  readonly ports: PortMemory;
  readonly certificates: ExposureCertificates;
  readonly clock: Clock;
  readonly startTimeoutMs: number;
  /** The environment of whoever deploys. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where it stores. */
  readonly data: AppDataPlace;
  /** Makes the folder in which a replica stores. */
  readonly makeStorage: (service: string, ordinal: number) => string;
  /** Which replicas have an inspector. */
  readonly inspected: Inspected;
  /** A replica's inspector is at this address. */
  readonly inspecting: (replica: string, address: string) => void;
}
