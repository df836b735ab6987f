import { type Change, HadronError, own } from "@hadron/core/spi";
import { type ContainerSpec, differences } from "../containers/finish.ts";
import type { Role } from "../names/labels.ts";
import { networkName } from "../names/names.ts";
import type { SeenContainer, World } from "../world/world.ts";

/** Everything that the engine should have of an app. */
export interface Desired {
  readonly app: string;
  /** The tags of the images that its containers are made from, as far as we make them. */
  readonly images: readonly string[];
  /** The tags of images that only exported files name: they stay where they are. */
  readonly exported: readonly string[];
  readonly volumes: readonly DesiredVolume[];
  readonly containers: readonly ContainerSpec[];
  /** How many replicas of each sharded service there should be. */
  readonly counts: Readonly<Record<string, number>>;
}

export interface DesiredVolume {
  readonly name: string;
  readonly role: Role;
  readonly service: string | undefined;
}

/** What is to be done for one container that should be. */
export type Slot = NewSlot | KeptSlot;

/** None is as it should be. */
export interface NewSlot extends Place {
  readonly action: "create";
}

export interface KeptSlot extends Place {
  readonly action: "keep" | "start" | "connect" | "change";
  /** The container that is as it should be, once that is done. */
  readonly current: SeenContainer;
}

interface Place {
  readonly spec: ContainerSpec;
  /** Others in its place, which go when it is ready. */
  readonly old: readonly SeenContainer[];
}

export interface DockerPlan {
  readonly changes: readonly Change[];
  readonly images: readonly string[];
  readonly network: boolean;
  readonly volumes: readonly DesiredVolume[];
  /** By service, in the order of the topology. */
  readonly services: ReadonlyMap<string, readonly Slot[]>;
  readonly counts: boolean;
  readonly remove: {
    readonly containers: readonly SeenContainer[];
    readonly volumes: readonly string[];
    readonly images: readonly string[];
  };
}

/**
 * Compares what should be with what is. Pure: the same two give the same plan.
 *
 * RUNNER_FAILED where a name is in use by what is not this app's; it is never touched (D3).
 *
 * `counts`: how many replicas the running app was told that there are, where it was told.
 */
export function plan(desired: Desired, world: World, counts: Readonly<Record<string, number>>): DockerPlan {
  refuseTaken(desired, world);
  const services = new Map<string, Slot[]>();
  const placed = new Set<SeenContainer>();
  for (const spec of desired.containers) {
    const slot = fill(spec, world);
    for (const seen of slot.old) placed.add(seen);
    if (slot.action !== "create") placed.add(slot.current);
    services.set(spec.service, [...(services.get(spec.service) ?? []), slot]);
  }
  const has = new Set(world.volumes.map((volume) => volume.name));
  const wanted = new Set(desired.volumes.map((volume) => volume.name));
  const images = desired.images.filter((tag) => !world.images.includes(tag));
  const volumes = desired.volumes.filter((volume) => !has.has(volume.name));
  const surplus = world.containers.filter((container) => !placed.has(container));
  // Storage outlives all but `delete`: a shard that comes back finds its own.
  const spent = world.volumes.filter(
    ({ role, name }) => (role === "secrets" || role === "ingress") && !wanted.has(name),
  );
  const stale = world.images.filter((tag) => !desired.images.includes(tag) && !desired.exported.includes(tag));
  const countsDiffer = Object.entries(desired.counts).some(
    ([service, count]) => (own(counts, service) ?? count) !== count,
  );
  const network = world.networkId === undefined;
  const names = new Set(desired.containers.map((container) => container.service));
  return {
    changes: [
      ...images.map((name) => change("create", "image", name, "not on the engine")),
      ...(network ? [change("create", "network", networkName(desired.app), "not on the engine")] : []),
      ...volumes.map(({ name, role }) =>
        change("create", "volume", name, role === "secrets" ? "new values" : "not on the engine"),
      ),
      ...[...services.values()].flat().flatMap(describe),
      ...(countsDiffer ? [change("update", "counts", desired.app, "the number of replicas was changed by scale")] : []),
      ...surplus.map((seen) => change("delete", "container", seen.name, whySurplus(seen, names))),
      ...spent.map(({ name, role }) =>
        change("delete", "volume", name, role === "secrets" ? "old values" : "no longer exposed"),
      ),
      ...stale.map((name) => change("delete", "image", name, "an older version")),
    ],
    images,
    network,
    volumes,
    services,
    counts: countsDiffer,
    remove: { containers: surplus, volumes: spent.map(({ name }) => name), images: stale },
  };
}

/** An app of that name that shares no service with the file is most likely somebody else's. */
export function refuseForeignApp(desired: Desired, world: World, explicitApp: boolean): void {
  const there = new Set(world.containers.map((container) => container.service).filter((service) => service !== ""));
  if (explicitApp || there.size === 0 || desired.containers.some((container) => there.has(container.service))) return;
  const some = [...there].slice(0, 5).join(", ");
  throw new HadronError(
    "WRONG_USE",
    `An app "${desired.app}" runs on this engine already, with ${some}, none of which is in this file. If it is another ` +
      `project's, give yours a name with --app=NAME; if it is to be replaced by this file, say --app=${desired.app}.`,
  );
}

function refuseTaken({ app, containers }: Desired, { taken, networkId }: World): void {
  const name = [
    ...(networkId === undefined ? [networkName(app)] : []),
    ...containers.map((container) => container.name),
  ].find((wanted) => taken.has(wanted));
  if (name === undefined) return;
  throw new HadronError(
    "RUNNER_FAILED",
    `The engine has a ${name === networkName(app) ? "network" : "container"} "${name}" that does not belong to the app ` +
      `"${app}" (it has no label dev.hadron.app=${app}), so it was not touched. Rename or remove it, or use another name with --app=NAME.`,
  );
}

function fill(spec: ContainerSpec, world: World): Slot {
  const there = world.containers.filter(
    (container) =>
      container.service === spec.service && container.ordinal === spec.ordinal && container.role === spec.role,
  );
  // Of several, as an interrupted `up` may leave them, the one that runs, and then the one that has the name.
  const right = there
    .filter((container) => container.spec === spec.spec && container.state !== "dead")
    .sort(
      (a, b) =>
        Number(b.state === "running") - Number(a.state === "running") ||
        Number(b.name === spec.name) - Number(a.name === spec.name),
    );
  const [current] = right;
  if (current === undefined) return { action: "create", spec, old: there };
  const old = there.filter((container) => container !== current);
  return { action: actionFor(spec, current), spec, current, old };
}

function actionFor(spec: ContainerSpec, current: SeenContainer): KeptSlot["action"] {
  if (current.state !== "running" && current.state !== "restarting") return "start";
  if (!current.connected) return "connect";
  return isAsked(spec, current) ? "keep" : "change";
}

function whySurplus({ service, role }: SeenContainer, declared: ReadonlySet<string>): string {
  if (!declared.has(service)) return "no longer declared";
  return role === "ingress" ? "no longer exposed" : "more replicas than declared";
}

/** Whether an ingress has still to be given what is to run in it; false of what is none. */
export function needsForm(slot: Slot): boolean {
  if (slot.action === "create") return slot.spec.form !== undefined;
  return !isAsked(slot.spec, slot.current);
}

function isAsked({ form }: ContainerSpec, current: SeenContainer): boolean {
  return form === undefined || current.form?.id === form.id;
}

function describe(slot: Slot): readonly Change[] {
  const { spec, old } = slot;
  const { name } = spec;
  if (slot.action === "create") {
    const [before] = old;
    if (before === undefined) return [change("create", "container", name, "not on the engine")];
    const what = differences(before.spec, spec.spec).map((aspect) => (aspect === "image" ? "code" : aspect));
    return [
      change("replace", "container", name, before.spec === spec.spec ? "it is dead" : `${what.join(", ")} changed`),
    ];
  }
  const { action, current } = slot;
  const changes: Change[] = [];
  if (action === "start") changes.push(change("update", "container", name, `it is ${current.state}`));
  if (action === "connect") changes.push(change("update", "container", name, "it was taken off the network"));
  if (action === "change") changes.push(change("update", "container", name, changeOf(spec, current)));
  if (current.name !== name) changes.push(change("update", "container", name, `it is still called ${current.name}`));
  for (const seen of old) changes.push(change("delete", "container", seen.name, "it was replaced"));
  return changes;
}

/** What of an ingress changes while its container stays. */
function changeOf({ form }: ContainerSpec, current: SeenContainer): string {
  const { form: before } = current;
  if (before?.program !== form?.program) return "its program changed";
  return before?.settings.tls?.state === form?.settings.tls?.state
    ? "its limits or its target changed"
    : "its certificate changed";
}

function change(action: Change["action"], kind: string, name: string, because: string): Change {
  return { action, kind, name, because };
}
