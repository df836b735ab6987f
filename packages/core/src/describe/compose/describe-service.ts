import type { ServiceDefinition, StandIn } from "../../declare/definition.ts";
import { DEFAULT_LIMITS } from "../../declare/definition.ts";
import { GUARDS_NOBODY } from "../../declare/guard.ts";
import { captureKey, resourceKey } from "../../declare/resource.ts";
import { HadronError } from "../../errors.ts";
import { captureVariable } from "../../given/capture-record.ts";
import { learnWork, type OwnPart, type Work } from "../procedures.ts";
import type { Choices, ServiceTopology } from "../topology.ts";
import type { Merged } from "./merge-needs.ts";
import type { Shape } from "./placement.ts";

const DEFAULT_CAPACITY = { cpu: 1, memoryBytes: 512 * 1024 * 1024 };

/** A service as it was met: its part, what that does and needs, and where it stands. */
export interface Met {
  readonly name: string;
  readonly part: OwnPart;
  /** Undefined for a pattern's child that is no service of its own. */
  readonly definition: ServiceDefinition | undefined;
  readonly shape: Shape;
  readonly work: Work;
  readonly needs: Merged;
  /** The full name of each child, by its key. */
  readonly children: Readonly<Record<string, string>>;
}

/**
 * What the topology says of a service. Pure.
 *
 * INVALID_DECLARATION for storage of replicas that are alike, for a stand-in with procedures, and for a guard of what takes no
 * calls of JSON-RPC.
 */
export function describeService(
  { name, part, definition, shape, work, needs, children }: Met,
  { elsewhere = {}, images = {} }: Choices,
): ServiceTopology {
  const { sharded, replicas, groups } = shape;
  if (part.kind === "image" && part.standIn !== undefined) checkStandIn(name, part.standIn);
  if (needs.storage !== null) checkStorage(name, sharded, replicas);
  if (definition?.options.kubernetes.data?.replicas !== undefined && (sharded || needs.storage !== null)) {
    throw new HadronError(
      "INVALID_DECLARATION",
      `service "${name}": kubernetes.replicas is for replicas that are alike, and those of "${name}" ${sharded ? "are shards" : "have storage"}.`,
    );
  }
  const { capacity, generated, details, resources, captures } = needs;
  const options = definition?.options;
  if (part.kind === "image" && options?.expose?.tls !== undefined) {
    throw new HadronError(
      "INVALID_DECLARATION",
      `service "${name}": expose.tls is for services of your code, and "${name}" is an image, which speaks a protocol of its own: have the image speak TLS.`,
    );
  }
  const web = work.procedures.find((procedure) => procedure.options.face?.web !== undefined);
  const webFace = web?.options.face?.web;
  // A pattern of routes: what it takes is known here first.
  if (options?.guard !== undefined && webFace === true) {
    throw new HadronError("INVALID_DECLARATION", `service "${name}": ${GUARDS_NOBODY}.`);
  }
  const used = [
    ...needs.uses.filter((service) => elsewhere[service.name] === undefined).map((service) => service.name),
    ...resources.map(resourceKey),
    ...captures.map((capture) => captureKey(capture.name)),
  ];
  const secretCaptures = part.kind === "image" ? [] : captures.filter((capture) => capture.isSecret);
  return {
    name,
    pattern: part.kind === "pattern" ? part.pattern : null,
    procedures: work.procedures.map((procedure) => procedure.name),
    idempotent: work.procedures.filter((procedure) => procedure.options.idempotent).map((procedure) => procedure.name),
    replicas,
    sharded,
    groups,
    children: Object.entries(children).map(([key, service]) => ({ key, service })),
    exposed: options?.expose ?? null,
    ...(web === undefined ? {} : { web: web.name }),
    ...(typeof webFace === "object" ? { webPaths: webFace.paths } : {}),
    capacity: { ...DEFAULT_CAPACITY, ...capacity },
    ...(Object.keys(capacity).length === 0 ? {} : { requests: capacity }),
    limits: options?.limits ?? DEFAULT_LIMITS,
    env: needs.env,
    secrets: [
      ...needs.secrets,
      ...needs.uses.flatMap((service) => elsewhere[service.name] ?? []),
      ...secretCaptures.map((capture) => captureVariable(capture.name)),
    ],
    ...(generated.length === 0 ? {} : { generated }),
    ...(used.length === 0 ? {} : { uses: used }),
    ...(Object.keys(details).length === 0 ? {} : { details }),
    files: [...new Set([...needs.files, ...resources.flatMap((resource) => resource.files)])],
    storage: needs.storage,
    image: part.kind === "image" ? { ...part.image, reference: images[name] ?? part.image.reference } : null,
    ...(part.kind === "image" && part.standIn !== undefined ? { standIn: true } : {}),
    ...(options?.first === true ? { first: true } : {}),
    ...(options?.kubernetes.data === undefined ? {} : { kubernetes: options.kubernetes.data }),
  };
}

/** What outlives a replica belongs to one of its kind: the only one, or a shard. */
function checkStorage(name: string, sharded: boolean, replicas: number): void {
  if (sharded || replicas === 1) return;
  throw new HadronError(
    "INVALID_DECLARATION",
    `service "${name}" has storage and ${replicas} replicas that are alike, and storage belongs to a single replica or to a ` +
      "shard: leave out its replicas, or make it a leaf of shard() or scatter().",
  );
}

/** Nobody could call a stand-in's procedures: the image that it stands in for has none. */
function checkStandIn(name: string, standIn: StandIn): void {
  const [procedure] = learnWork(name, standIn, {}).procedures;
  if (procedure === undefined) return;
  throw new HadronError(
    "INVALID_DECLARATION",
    `The stand-in of "${name}" has a procedure, "${procedure.name}", and nobody could call it: an image has none. Give it [onStart] alone.`,
  );
}
