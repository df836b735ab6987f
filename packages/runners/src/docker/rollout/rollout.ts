import { setTimeout as sleep } from "node:timers/promises";
import type { RunContext } from "@hadron/core/spi";
import { all } from "../../shared/all.ts";
import {
  createContainer,
  removeContainer,
  renameContainer,
  retireContainer,
  startContainer,
  stopContainer,
} from "../containers/containers.ts";
import { addressOf } from "../containers/image-ready.ts";
import { inspect, isDraining, notReady } from "../containers/inspect.ts";
import { waitUntilReady } from "../containers/ready.ts";
import type { Engine } from "../engine/client.ts";
import { networkName } from "../names/names.ts";
import type { KeptSlot, NewSlot, Slot } from "../plan/plan.ts";
import { probe } from "../world/probe.ts";
import type { SeenContainer } from "../world/world.ts";

/** What part of a service's replicas is replaced at a time. */
const AT_ONCE = 1 / 4;

export interface RolloutOptions {
  readonly engine: Engine;
  readonly app: string;
  readonly revision: string;
  /** By service, what is added to the environment of its containers. */
  readonly secretEnvironment: (service: string) => Readonly<Record<string, string>>;
  readonly context: RunContext;
}

/**
 * Brings the containers of one service to where the plan wants them, and waits until all are ready.
 *
 * New ones start at once. Replaced ones go a quarter at a time. D1: an interchangeable replica goes when its successor
 * is ready, and not before. An exclusive one (a shard; one with a host port of its own) has to go first: its successor
 * is created before, so that only the start is between them, and callers wait for it. D2: where a successor does not
 * become ready, it goes, its predecessor serves on or is started again, and nothing more is replaced.
 */
export async function rollOut(service: string, slots: readonly Slot[], options: RolloutOptions): Promise<void> {
  const { context } = options;
  const replaced = slots.filter((slot) => slot.old.length > 0);
  const fresh = slots.filter((slot) => slot.old.length === 0);
  let ready = 0;
  const tell = () => context.progress.step(service, `${ready} of ${slots.length} ready`);
  const each = async (slot: Slot) => {
    await fillSlot(slot, options);
    ready++;
    tell();
  };
  tell();
  await all(fresh.map(each));
  const size = Math.max(1, Math.ceil(slots.length * AT_ONCE));
  for (let from = 0; from < replaced.length; from += size) {
    context.signal.throwIfAborted();
    await all(replaced.slice(from, from + size).map(each));
  }
}

async function fillSlot(slot: Slot, options: RolloutOptions): Promise<void> {
  const { engine, context } = options;
  const { id, name } = slot.action === "create" ? await succeed(slot, options) : await keep(slot, options);
  await all(slot.old.map((predecessor) => retireContainer(engine, predecessor, context.signal)));
  if (name !== slot.spec.name) await renameContainer(engine, id, slot.spec.name, context.signal);
}

/** Brings up the container that is there. */
async function keep(slot: KeptSlot, options: RolloutOptions): Promise<SeenContainer> {
  const { spec, current, action, old } = slot;
  const { engine, context } = options;
  if (action === "start") {
    // A stopped one is in nobody's way, but whoever has its place may be.
    if (spec.exclusive) await all(old.map((predecessor) => stopContainer(engine, predecessor.id, context.signal)));
    await wake(slot, options);
    await readyOr(slot, current.id, options, () => stopContainer(engine, current.id));
  } else {
    if (action === "connect") await connect(options, current.id, spec.aliases);
    await waitForKept(slot, options);
  }
  return current;
}

/** Makes a new one, which takes the place of those that are there. */
async function succeed(
  slot: NewSlot,
  options: RolloutOptions,
): Promise<{ readonly id: string; readonly name: string }> {
  const { spec, old } = slot;
  const { engine, context } = options;
  const { signal } = context;
  const inUse = old.some((predecessor) => predecessor.name === spec.name);
  const made = await createContainer(engine, spec, {
    successorOf: inUse ? options.revision : undefined,
    secretEnvironment: options.secretEnvironment(spec.service),
    signal,
  });
  if (spec.role === "ingress" && spec.exclusive && old.length > 0) context.progress.note(ingressNote(spec.service));
  try {
    if (spec.exclusive) await all(old.map((predecessor) => stopContainer(engine, predecessor.id, signal)));
    await startContainer(engine, made.id, signal);
  } catch (error) {
    if (old.length > 0 && !signal.aborted) {
      await removeContainer(engine, made.id);
      await restore(slot, engine);
    }
    throw error;
  }
  await readyOr(slot, made.id, options, () => removeContainer(engine, made.id));
  return made;
}

/** D8: a port of the engine has one container, so the old door has to let go of it before the new one can have it. */
function ingressNote(service: string): string {
  return (
    `The ingress of ${service} is replaced (an older version of Hadron made it, or the base image or its address is another): until the new one ` +
    "has its port, callers from outside are refused, and should connect again. Calls by name, from inside or with client.ts, go on."
  );
}

async function readyOr(
  slot: Slot,
  id: string,
  { engine, context }: RolloutOptions,
  undo: () => Promise<void>,
): Promise<void> {
  try {
    await waitUntilReady(engine, id, slot.spec, context.signal);
  } catch (error) {
    // An interrupted one is finished by the next `up`; a first one that fails stays, so that it can be looked at.
    if (!context.signal.aborted && slot.old.length > 0) {
      await undo();
      await restore(slot, engine);
    }
    throw error;
  }
}

/** Starts those again that had to stop for it. */
async function restore({ spec, old }: Slot, engine: Engine): Promise<void> {
  if (!spec.exclusive) return;
  const stopped = old.filter((predecessor) => predecessor.state === "running");
  await all(stopped.map((predecessor) => startContainer(engine, predecessor.id)));
}

async function wake({ current, spec }: KeptSlot, options: RolloutOptions): Promise<void> {
  const { engine, context } = options;
  const { id, state, connected } = current;
  if (state === "paused") await engine.post(`/containers/${id}/unpause`, { signal: context.signal });
  else {
    if (!connected) await connect(options, id, spec.aliases);
    await startContainer(engine, id, context.signal);
  }
}

async function connect(
  { engine, app, context }: RolloutOptions,
  id: string,
  aliases: readonly string[],
): Promise<void> {
  const body = { Container: id, EndpointConfig: { Aliases: aliases } };
  await engine.post(`/networks/${networkName(app)}/connect`, { body, signal: context.signal });
}

/** How long one that should serve on may say that it does not: as long as the longest drain is likely to be. */
const KEPT_MS = 60_000;
const ASK_AGAIN_MS = 100;

/**
 * Waits until a container that runs serves. Asked directly where it can be: that is quicker than its log, and tells of
 * now. One that is stopping, as after an `up` that was killed when it had just asked for that, is started again.
 */
async function waitForKept({ current, spec }: KeptSlot, { engine, context }: RolloutOptions): Promise<void> {
  const { id } = current;
  const { signal, progress } = context;
  const until = performance.now() + KEPT_MS;
  for (;;) {
    // Asked for anew: one that was started again may have another.
    const address = spec.role === "replica" ? await addressOf(engine, id, signal) : undefined;
    if (address !== undefined && (await probe(address, "/readyz"))?.status === 200) return;
    const { State } = await inspect(engine, id, signal);
    if (!State.Running && !State.Restarting) await startContainer(engine, id, signal);
    else if (State.Running && !(await isDraining(engine, id, State.StartedAt, signal))) {
      await waitUntilReady(engine, id, spec, signal);
      if (address === undefined) return;
      // It has said that it is ready: it is too busy to answer, or hangs, and is started again.
      progress.step(spec.service, `${spec.service}.${spec.ordinal} does not answer; waiting for it`);
    }
    if (performance.now() > until) throw await notReady(engine, id, spec, `it gave no answer in ${KEPT_MS / 1000} s`);
    await sleep(ASK_AGAIN_MS, undefined, { signal });
  }
}
