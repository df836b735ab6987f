import { setTimeout as sleep } from "node:timers/promises";
import { type Deleted, type DeleteOptions, inWords, type RunContext, type Topology, toWaves } from "@hadron/core/spi";
import { all } from "../../shared/all.ts";
import { retireContainer } from "../containers/containers.ts";
import type { Engine } from "../engine/client.ts";
import type { ImageSummary, NetworkSummary, VolumeSummary } from "../engine/types.ts";
import { LABEL, ofApp } from "../names/labels.ts";
import { readDeployed } from "../plan/deployed.ts";
import { isData, readData } from "../volumes/data.ts";
import { listContainers, lookAt, tagsOf } from "../world/world.ts";
import { removeImage } from "./apply.ts";
import { takeLock } from "./lock.ts";

const LET_GO_TRIES = 10;
const LET_GO_MS = 100;

interface LabelledContainer {
  readonly id: string;
  readonly name: string;
  readonly service: string | undefined;
  readonly role: string | undefined;
  readonly state: "running" | "exited";
}

/** All that carries an app's label and should go, of whatever kind, however it came there. */
interface Labelled {
  readonly containers: readonly LabelledContainer[];
  readonly networks: readonly NetworkSummary[];
  readonly volumes: readonly string[];
  /** They go when they are let go, and those of the dead when somebody takes the lock. */
  readonly locks: number;
  readonly images: readonly { readonly id: string; readonly tags: readonly string[] }[];
}

/**
 * Removes everything of an app but its data, which goes where the options say so; looks again, and tells what is there.
 * Services end in turn: first what lets outside callers in, then callers before those whom they call, and last what keeps their resources.
 */
export async function deleteApp(
  engine: Engine,
  app: string,
  options: DeleteOptions,
  context: RunContext,
): Promise<Deleted> {
  const { signal, progress } = context;
  if (!isEmpty(await findLabelled(engine, app, options, signal))) {
    await using lock = await takeLock(engine, app, "delete", context);
    const held = AbortSignal.any([signal, lock.signal]);
    const { containers, networks, volumes, images } = await findLabelled(engine, app, options, held);
    progress.step("containers", `stopping ${containers.length}`);
    for (const turn of toTurns(containers, await deployedTopology(engine, app, { ...context, signal: held }))) {
      await all(turn.map((container) => retireContainer(engine, container, held)));
    }
    // Each waits for nothing but the containers.
    await all<unknown>([
      ...networks.map(({ Id }) => removeNetwork(engine, Id, held)),
      ...volumes.map((name) => engine.delete(`/volumes/${name}`, { accept: [409], signal: held })),
    ]);
    // One after the other: an image may go with the last one that was built upon it.
    for (const { id, tags } of images) {
      for (const name of tags.length > 0 ? tags : [id]) await removeImage(engine, name, held);
    }
  }
  const [left, kept] = await Promise.all([
    findLabelled(engine, app, options, signal),
    options.data ? [] : readData(engine, app, signal),
  ]);
  return { left: describeLeft(left), kept };
}

/** What was deployed last; undefined, with a note, where it cannot be told. */
async function deployedTopology(engine: Engine, app: string, context: RunContext): Promise<Topology | undefined> {
  try {
    const world = await lookAt(engine, app, context.signal);
    return (await readDeployed(engine, app, world, "", context.signal))?.topology;
  } catch (error) {
    context.signal.throwIfAborted();
    context.progress.note(`The services of "${app}" end all at once, as their order is not known: ${inWords(error)}`);
    return undefined;
  }
}

/** The containers in the order in which they end. Who is in no service that was deployed last is last. */
function toTurns(
  containers: readonly LabelledContainer[],
  topology: Topology | undefined,
): readonly (readonly LabelledContainer[])[] {
  if (topology === undefined) return [containers];
  const waves = toWaves(topology);
  const turnOf = ({ role, service = "" }: LabelledContainer) => {
    if (role === "ingress") return 0;
    const wave = waves.findIndex((names) => names.has(service));
    return wave < 0 ? waves.length + 1 : wave + 1;
  };
  return Array.from({ length: waves.length + 2 }, (_, turn) => containers.filter((seen) => turnOf(seen) === turn));
}

/** An engine lets go of the last container's connection a moment after the container is gone. */
async function removeNetwork(engine: Engine, id: string, signal: AbortSignal): Promise<void> {
  for (let tries = 0; tries < LET_GO_TRIES; tries++) {
    const { status } = await engine.deleteWith(`/networks/${id}`, { accept: [403, 409], signal });
    if (status !== 403 && status !== 409) return;
    await sleep(LET_GO_MS, undefined, { signal });
  }
}

async function findLabelled(
  engine: Engine,
  app: string,
  { data }: DeleteOptions,
  signal: AbortSignal,
): Promise<Labelled> {
  const filters = ofApp(app);
  const query = { filters };
  const [containers, networks, volumes, images] = await Promise.all([
    listContainers(engine, filters, signal),
    engine.get<readonly NetworkSummary[]>("/networks", { query, signal }),
    engine.get<{ readonly Volumes: readonly VolumeSummary[] | null }>("/volumes", { query, signal }),
    engine.get<readonly ImageSummary[]>("/images/json", { query, signal }),
  ]);
  const labelled = volumes.Volumes ?? [];
  const locks = labelled.filter((volume) => volume.Labels?.[LABEL.role] === "lock");
  const own = labelled.filter((volume) => !locks.includes(volume) && (data || !isData(volume)));
  return {
    containers: containers.map(({ Id, Names, Labels, State }) => ({
      id: Id,
      service: Labels?.[LABEL.service],
      role: Labels?.[LABEL.role],
      name: (Names[0] ?? Id).replace(/^\//, ""),
      state: State === "running" || State === "restarting" ? "running" : "exited",
    })),
    networks,
    volumes: own.map((volume) => volume.Name),
    images: images.map((image) => ({ id: image.Id, tags: tagsOf(image) })),
    locks: locks.length,
  };
}

function isEmpty({ containers, networks, volumes, images, locks }: Labelled): boolean {
  return containers.length + networks.length + volumes.length + images.length + locks === 0;
}

function describeLeft({ containers, networks, volumes, images }: Labelled): readonly string[] {
  return [
    ...containers.map(({ name }) => `container ${name}`),
    ...networks.map(
      ({ Name }) =>
        `network ${Name}: something that is not of the app uses it, or the engine still counts a container that is gone; ` +
        "then only the engine's restart helps",
    ),
    ...volumes.map((name) => `volume ${name}: something that is not of the app uses it`),
    ...images.map(({ id, tags }) => `image ${tags[0] ?? id}: a container that is not of the app uses it`),
  ];
}
