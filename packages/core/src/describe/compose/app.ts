import type { KubernetesPatch } from "../../declare/containers/kubernetes.ts";
import type { CaptureDefinition, ProcedureDefinition, ResourceDefinition } from "../../declare/definition.ts";
import type { Life } from "../../declare/life.ts";
import type { Wrapper } from "../../declare/types.ts";
import type { Authenticator } from "../../scope/credentials.ts";
import type { OwnPart } from "../procedures.ts";
import type { ServiceTopology, Topology } from "../topology.ts";

/** An app: its topology, and beside each service the code that it stands for. */
export interface App {
  readonly topology: Topology;
  readonly services: ReadonlyMap<string, AppService>;
  /** What it keeps, in the topology's order. */
  readonly resources: readonly ResourceDefinition[];
  /** What is computed when the app is deployed, in the topology's order. */
  readonly captures: readonly CaptureDefinition[];
  /** Changes the objects that the Kubernetes runner makes, by the service that they belong to; null: the whole app. Undefined where nothing does. */
  readonly kubernetesPatchOf: (service: string | null) => KubernetesPatch | undefined;
}

/** A service of an app: what is described of it, and the code that its replicas run. */
export interface AppService {
  readonly topology: ServiceTopology;
  readonly part: OwnPart;
  /** Whether it is one handler, whose procedure is named as the service. */
  readonly single: boolean;
  /** Known when it was declared; a replica makes its own, with {@link createWork}. */
  readonly procedures: readonly ProcedureDefinition[];
  /** What it does without being called. The same holds for it. */
  readonly life: Life | undefined;
  /** What stands around its handlers, the first outermost. */
  readonly around: readonly Wrapper[];
  /** Says who a caller from outside is. */
  readonly guard: Authenticator | undefined;
}
