import { randomUUID } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { HadronError, type RunContext, systemCode } from "@hadron/core/spi";
import { Patience } from "../../shared/patience.ts";
import type { Engine } from "../engine/client.ts";
import type { VolumeSummary } from "../engine/types.ts";
import { filterBy, LABEL } from "../names/labels.ts";
import { lockVolume } from "../names/names.ts";

/** How often a holder shows that it lives, and after how long without that it counts as dead. */
const BEAT_MS = 5_000;
const DEAD_AFTER_MS = 30_000;
const POLL_MS = 300;

/** The right to change an app, held until it is disposed of. */
export interface Lock extends AsyncDisposable {
  /** Aborts where the lock was lost: somebody took us for dead. */
  readonly signal: AbortSignal;
}

interface Holder {
  readonly id: string;
  readonly who: string;
  /** The machine and the space of process ids in which `pid` means something. */
  readonly place: string;
  readonly pid: number;
  /** When the process began, in the kernel's own count: process ids are used again. "" where it cannot be known. */
  readonly since: string;
}

/**
 * Takes the lock of an app, waiting for whoever holds it as long as the context allows. RUNNER_FAILED, naming the holder,
 * where that is over. `doing`: what for, in a word, as the others are told.
 *
 * A lock is a volume: creating one of a name that exists gives back the one that exists, with its labels, so that of
 * several who create it at once exactly one finds its own label on it. A holder that died is told by its process being
 * gone, where it was on this machine; else by its beats, which are volumes of the same label, having stopped. Whoever
 * finds it dead makes the lock of the next number. Of two that live at the same time, the lower number has it.
 */
export async function takeLock(
  engine: Engine,
  app: string,
  doing: string,
  context: Pick<RunContext, "signal" | "progress" | "waitMs">,
): Promise<Lock> {
  const { signal, progress } = context;
  const patience = new Patience(`The app "${app}"`, context);
  const self: Holder = {
    id: randomUUID(),
    who: `${doing} by ${describeSelf()}`,
    place: placeOfPids(),
    pid: process.pid,
    since: startOf(process.pid),
  };
  let told: string | undefined;
  for (;;) {
    const locks = await listLocks(engine, app, signal);
    const holder = locks.find((lock) => !isDead(lock, locks, self))?.holder;
    if (holder === undefined) {
      const generation = 1 + Math.max(0, ...locks.map((lock) => lock.generation));
      if (await create(engine, app, generation, self, signal)) {
        const others = (await listLocks(engine, app, signal)).filter((lock) => lock.holder.id !== self.id);
        const ahead = others.some((lock) => lock.generation < generation && !isDead(lock, others, self));
        if (!ahead) {
          await Promise.all(others.map((lock) => engine.delete(`/volumes/${lock.name}`)));
          return hold(engine, app, generation, self);
        }
        await engine.delete(`/volumes/${lockVolume(app, generation)}`);
      }
      continue;
    }
    if (told !== holder.who) progress.step("lock", `waiting for ${holder.who}, which is changing "${app}"`);
    told = holder.who;
    patience.check(holder.who);
    await sleep(POLL_MS, undefined, { signal });
  }
}

interface SeenLock {
  readonly name: string;
  readonly generation: number;
  /** When it was made, on the engine's clock. */
  readonly at: number;
  /** The engine's clock when we looked. */
  readonly now: number;
  readonly holder: Holder;
}

async function listLocks(engine: Engine, app: string, signal: AbortSignal): Promise<readonly SeenLock[]> {
  const filters = filterBy(`${LABEL.app}=${app}`, `${LABEL.role}=lock`);
  const { body, date } = await engine.getDated<{ Volumes: readonly VolumeSummary[] | null }>("/volumes", {
    query: { filters },
    signal,
  });
  return (body.Volumes ?? [])
    .flatMap(({ Name, CreatedAt, Labels }): SeenLock[] => {
      const holder = Labels?.[LABEL.holder];
      if (holder === undefined) return [];
      const generation = Number(Name.slice(Name.lastIndexOf("-") + 1));
      return [{ name: Name, generation, at: Date.parse(CreatedAt ?? ""), now: date, holder: JSON.parse(holder) }];
    })
    .sort((a, b) => a.generation - b.generation);
}

function isDead(lock: SeenLock, all: readonly SeenLock[], self: Holder): boolean {
  if (lock.holder.place === self.place && lock.holder.place !== "") return !isAlive(lock.holder);
  const lastBeat = Math.max(...all.filter(({ holder }) => holder.id === lock.holder.id).map(({ at }) => at));
  return lock.now - lastBeat > DEAD_AFTER_MS;
}

async function create(
  engine: Engine,
  app: string,
  generation: number,
  self: Holder,
  signal?: AbortSignal,
): Promise<boolean> {
  const Labels = { [LABEL.app]: app, [LABEL.role]: "lock", [LABEL.holder]: JSON.stringify(self) };
  const made = await engine.post<VolumeSummary>("/volumes/create", {
    body: { Name: lockVolume(app, generation), Labels },
    signal,
  });
  return made.Labels?.[LABEL.holder] === Labels[LABEL.holder];
}

/** Holds a lock: shows that we live, and looks whether it is still ours, by making the next number while having the last. */
function hold(engine: Engine, app: string, first: number, self: Holder): Lock {
  const lost = new AbortController();
  let generation = first;
  let beating: Promise<void> = Promise.resolve();
  const beat = async () => {
    const next = generation + 1;
    const ours = await create(engine, app, next, self);
    const still = await engine.find(`/volumes/${lockVolume(app, generation)}`);
    if (!ours || still === undefined) {
      lost.abort(
        new HadronError(
          "RUNNER_FAILED",
          `Somebody else took over the changes to "${app}". Look at its status, and run up again.`,
        ),
      );
      return;
    }
    await engine.delete(`/volumes/${lockVolume(app, generation)}`);
    generation = next;
  };
  const timer = setInterval(() => {
    // An engine that does not answer one beat may answer the next; if none, others will tell us.
    beating = beating.then(beat).catch(() => {});
  }, BEAT_MS).unref();
  return {
    signal: lost.signal,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await beating;
      if (lost.signal.aborted) return;
      // An engine that is gone cannot be told, and why we end is another matter: our lock will be seen to be a dead one's.
      await engine.delete(`/volumes/${lockVolume(app, generation)}`).catch(() => {});
    },
  };
}

function isAlive({ pid, since }: Holder): boolean {
  try {
    process.kill(pid, 0);
    return startOf(pid) === since;
  } catch (error) {
    return systemCode(error) === "EPERM";
  }
}

function startOf(pid: number): string {
  try {
    // The second field is the command in parentheses, which may hold anything; the 22nd is the start.
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

function describeSelf(): string {
  let user = "somebody";
  try {
    user = userInfo().username;
  } catch {
    // A user id without a name, as in containers.
  }
  return `${user}@${hostname()} (process ${process.pid}, since ${new Date().toISOString()})`;
}

function placeOfPids(): string {
  try {
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    // No /proc: the machine's name and the time it booted tell machines apart well enough, processes of it share their ids.
    return process.platform === "linux" ? "" : hostname();
  }
}
