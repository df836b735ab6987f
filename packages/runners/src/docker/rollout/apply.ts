import { type Change, type Program, type RunContext, toStages } from "@hadron/core/spi";
import { checkApp, type Layout, stage, toLayout } from "../../layout/index.ts";
import { withCaptures } from "../../replica/captures.ts";
import { all } from "../../shared/all.ts";
import { retireContainer } from "../containers/containers.ts";
import { type Engine, EngineError } from "../engine/client.ts";
import { buildImage, ensureImage } from "../image/index.ts";
import { LABEL } from "../names/labels.ts";
import { networkName, storageVolume } from "../names/names.ts";
import { ensureBase } from "../plan/base.ts";
import { toWanted, type Wanted } from "../plan/desired.ts";
import { type DockerPlan, needsForm, plan, refuseForeignApp } from "../plan/plan.ts";
import { readCaptured } from "../volumes/captured.ts";
import { readCounts, writeCounts } from "../volumes/counts.ts";
import { readForms } from "../volumes/forms.ts";
import { storageContent } from "../volumes/storage.ts";
import { fillVolumes, type VolumeContent } from "../volumes/volumes.ts";
import { lookAt, type World } from "../world/world.ts";
import { takeLock } from "./lock.ts";
import { rollOut } from "./rollout.ts";

export interface Settings {
  readonly baseImage: string;
  readonly explicitApp: boolean;
  /** The user's folder for what may be made again. */
  readonly cache: string;
  /** The folder of the user's own authority, which issues certificates. */
  readonly authority: string;
}

/** How often the engine is brought to what is declared before it is left as it is. */
const ROUNDS = 3;

/** What should be, what is, and what is to be done. */
interface Compared {
  readonly wanted: Wanted;
  readonly world: World;
  readonly plan: DockerPlan;
}

/** Compares a program with the engine. Changes nothing. */
export async function compare(
  engine: Engine,
  program: Program,
  settings: Settings,
  context: RunContext,
): Promise<DockerPlan> {
  return (await compareWith(engine, program, await layoutOf(program, settings, context), settings, context)).plan;
}

/** Makes the engine have what the program declares. The changes that were made; none where it had it already. */
export async function apply(
  engine: Engine,
  program: Program,
  settings: Settings,
  context: RunContext,
): Promise<readonly Change[]> {
  const laidOut = layoutOf(program, settings, context);
  const first = await compareWith(engine, program, laidOut, settings, context);
  if (first.plan.changes.length === 0) {
    await rollOutAll(engine, program, first, context);
    return [];
  }
  // Runs while we wait for the engine, and ends before anything is made.
  const checked = checkNew(program, await laidOut, first, settings, context);
  checked.catch(() => {});
  await using lock = await takeLock(engine, program.topology.app, "up", context);
  const held = { ...context, signal: AbortSignal.any([context.signal, lock.signal]) };
  await checked;
  const changes: Change[] = [];
  // Whoever held it before us may have changed everything; and if it was killed, the engine may still be at the last
  // thing that it was asked: so it is looked at once more when all is done.
  for (let round = 0; round < ROUNDS; round++) {
    const compared = await compareWith(engine, program, laidOut, settings, held);
    changes.push(...compared.plan.changes);
    if (compared.plan.changes.length === 0) {
      if (round === 0) await rollOutAll(engine, program, compared, held);
      break;
    }
    await perform(engine, program, compared, held);
  }
  return changes;
}

/** Builds what is missing of the images, and nothing else. The tag of each. */
export async function buildAll(
  engine: Engine,
  program: Program,
  settings: Settings,
  context: RunContext,
): Promise<Wanted> {
  const laidOut = layoutOf(program, settings, context);
  const compared = await compareWith(engine, program, laidOut, settings, context);
  await checkNew(program, await laidOut, compared, settings, context);
  const { images } = compared.world;
  const missing = [...compared.wanted.contents.keys()].filter((tag) => !images.includes(tag));
  await makeImages(engine, program, { ...compared, plan: { ...compared.plan, images: missing } }, context);
  return compared.wanted;
}

/** An image of the same content was checked before it was built. */
async function checkNew(
  program: Program,
  layout: Layout,
  { plan: todo, wanted }: Compared,
  { cache }: Settings,
  context: RunContext,
): Promise<void> {
  if (!todo.images.includes(wanted.image)) return;
  await checkApp(stage(layout, { cache, app: wanted.desired.app }), program, context.signal);
}

function layoutOf(program: Program, { cache }: Settings, { signal }: RunContext): Promise<Layout> {
  const layout = toLayout(program, { cache, signal });
  // Whoever awaits it hears of its failure; until then it is nobody's unhandled one.
  layout.catch(() => {});
  return layout;
}

async function compareWith(
  engine: Engine,
  program: Program,
  laidOut: Layout | Promise<Layout>,
  settings: Settings,
  context: RunContext,
): Promise<Compared> {
  const { app } = program.topology;
  const looking = lookAt(engine, app, context.signal);
  const [world, containers, base, layout, counts] = await Promise.all([
    looking,
    looking.then((seen) => readForms(engine, seen.containers, context.signal)),
    ensureBase(engine, settings.baseImage, context),
    laidOut,
    looking.then((seen) => readCounts(engine, seen, app, context.signal)),
  ]);
  const captured = () => readCaptured(engine, program.topology, world, context.signal);
  const whole = await withCaptures(program, layout, captured, context.signal);
  const wanted = await toWanted(engine, whole, layout, base, { ...world, containers }, settings, context);
  refuseForeignApp(wanted.desired, world, settings.explicitApp);
  return { wanted, world, plan: plan(wanted.desired, { ...world, containers }, counts) };
}

async function perform(engine: Engine, program: Program, compared: Compared, context: RunContext): Promise<void> {
  const { wanted, world, plan: todo } = compared;
  const { app } = program.topology;
  const { signal } = context;
  await all([
    makeImages(engine, program, compared, context),
    todo.network ? makeNetwork(engine, app, signal) : Promise.resolve(),
    ...todo.volumes.map(({ name, role, service }) => {
      const Labels = {
        [LABEL.app]: app,
        [LABEL.role]: role,
        ...(service === undefined ? {} : { [LABEL.service]: service }),
      };
      return engine.post<void>("/volumes/create", { body: { Name: name, Labels }, signal });
    }),
  ]);
  await fillVolumes(engine, app, wanted.image, await contentsOf(program, todo, wanted, context), signal);
  await rollOutAll(engine, program, compared, context);
  if (todo.counts)
    await writeCounts(
      engine,
      app,
      wanted.image,
      wanted.desired.counts,
      (await lookAt(engine, app, signal)).containers,
      signal,
    );
  await all(todo.remove.containers.map((surplus) => retireContainer(engine, surplus, signal)));
  await all([
    ...todo.remove.volumes.map((name) => engine.delete(`/volumes/${name}`, { signal })),
    ...world.images.filter((tag) => todo.remove.images.includes(tag)).map((tag) => removeImage(engine, tag, signal)),
  ]);
}

async function rollOutAll(
  engine: Engine,
  { topology }: Program,
  { plan: todo, wanted }: Compared,
  context: RunContext,
): Promise<void> {
  const options = {
    engine,
    app: wanted.desired.app,
    revision: wanted.revision,
    secretEnvironment: (service: string) => wanted.secrets.get(service)?.environment ?? {},
    context,
  };
  for (const part of toStages(topology)) {
    const services = [...todo.services].filter(([service]) => part.has(service));
    await all(services.map(([service, slots]) => rollOut(service, slots, options)));
  }
}

async function makeImages(
  engine: Engine,
  program: Program,
  { wanted, plan: todo }: Compared,
  context: RunContext,
): Promise<void> {
  const images = program.topology.services.flatMap(({ image }) => (image === null ? [] : [image.reference]));
  await all<unknown>([
    ...todo.images.map((tag) => buildImage(engine, tag, wanted.contents.get(tag)!, context)),
    ...[...new Set(images)].map((reference) =>
      ensureImage(engine, reference, "Pull it to the engine, or correct the reference in image(…).", context),
    ),
  ]);
}

async function makeNetwork(engine: Engine, app: string, signal: AbortSignal): Promise<void> {
  const body = { Name: networkName(app), CheckDuplicate: true, Driver: "bridge", Labels: { [LABEL.app]: app } };
  await engine.post("/networks/create", { body, signal });
}

/**
 * Volumes that need something before a container starts: secrets and ingresses their content, and storage an owner that is
 * not root. An ingress that runs begins with what it finds there.
 * Storage as long as its replica was never made: an interrupted `up` may have left the volume alone.
 */
async function contentsOf(
  { topology }: Program,
  { volumes, services }: DockerPlan,
  { secrets, desired, generated, ingresses }: Wanted,
  { progress }: RunContext,
): Promise<readonly VolumeContent[]> {
  const made = volumes.flatMap(({ role, service }) => {
    const place = role === "secrets" && service !== undefined ? secrets.get(service) : undefined;
    return place === undefined ? [] : [place.content];
  });
  const storage = new Set(desired.volumes.filter(({ role }) => role === "storage").map(({ name }) => name));
  const owned = topology.services.flatMap((service) =>
    (services.get(service.name) ?? [])
      .filter(({ spec, action, old }) => spec.ordinal >= 0 && action === "create" && old.length === 0)
      .map(({ spec }) => storageVolume(desired.app, service.name, spec.ordinal))
      .filter((name) => storage.has(name))
      .flatMap((name) => storageContent(service, name)),
  );
  const given: VolumeContent[] = [];
  for (const [service, slots] of services) {
    const made = slots.some(needsForm) ? await ingresses.get(service)?.() : undefined;
    if (made === undefined) continue;
    given.push(made.content);
    if (made.advice !== undefined) progress.note(made.advice);
  }
  return [...(generated.content === undefined ? [] : [generated.content]), ...made, ...owned, ...given];
}

/** One that a container still uses stays. */
export async function removeImage(engine: Engine, tag: string, signal?: AbortSignal): Promise<boolean> {
  try {
    return await engine.delete(`/images/${tag}`, { signal });
  } catch (error) {
    if (error instanceof EngineError && error.status === 409) return false;
    // It went together with another.
    if (error instanceof EngineError && /unrecognized image ID|no such image/i.test(error.message)) return true;
    throw error;
  }
}
