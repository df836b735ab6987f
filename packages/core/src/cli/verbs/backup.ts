import { rename, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { HadronError } from "../../errors.ts";
import type { Attached } from "../../runner.ts";
import type { Keeper } from "../../verb/resource-verb.ts";
import type { Command } from "../command/command.ts";
import { ArchiveReader, ArchiveWriter } from "../data/archive.ts";
import { checkVariants } from "../data/check-variants.ts";
import { Keepers } from "../data/keepers.ts";
import { toSize } from "../terminal/size.ts";

/** A copy of much data takes its time. */
const TIMEOUT_MS = 24 * 3_600_000;
/** A keeper has so long to say whether anything is there. */
const CHECK_MS = 60_000;

/** Writes all that an app keeps to a file, while it runs or not. */
export async function backup(command: Command): Promise<number> {
  const { app, context, cwd, flags, json, terminal } = command;
  const path = resolve(cwd, fileOf("--to", flags.to));
  await using keepers = new Keepers(command);
  const names = checkKeepers(command, keepers);
  // Under its name it is whole.
  const part = `${path}.part`;
  const archive = await ArchiveWriter.create(path, app.topology.app, new Date()).then(async (probe) => {
    await probe.abandon();
    await rm(path);
    await rm(part, { force: true });
    return await ArchiveWriter.create(part, app.topology.app, new Date());
  });
  try {
    const copied: string[] = [];
    const left: string[] = [];
    for (const name of names) {
      context.progress.step("backup", name);
      const chunks = await copyOf(await keepers.need(name), context.signal);
      if (chunks === undefined) left.push(name);
      else {
        await archive.part(name, chunks);
        copied.push(name);
      }
    }
    const bytes = await archive.finish();
    await rename(part, path);
    command.progressDone();
    if (json) terminal.out(JSON.stringify({ app: app.topology.app, file: path, bytes, keepers: copied, left }));
    else terminal.err(`${path} has what "${app.topology.app}" keeps: ${toSize(bytes)}.`);
    if (!json)
      for (const name of left) terminal.err(`What ${name} keeps is not in it: it has tools of its own for that.`);
    return 0;
  } catch (error) {
    await archive.abandon().catch(() => {});
    await rm(part, { force: true });
    throw error;
  }
}

/** All that a keeper has; undefined where it cannot be copied so. */
async function copyOf(keeper: Keeper, signal: AbortSignal): Promise<AsyncIterable<Uint8Array> | undefined> {
  try {
    return (await keeper.call("backup", undefined, { timeoutMs: TIMEOUT_MS, signal })) as AsyncIterable<Uint8Array>;
  } catch (error) {
    if (error instanceof HadronError && error.code === "UNKNOWN_PROCEDURE") return undefined;
    throw error;
  }
}

/** FAILED_PRECONDITION where it keeps something already. A keeper that was deployed before it could be asked says so when it restores. */
async function checkRestorable(keeper: Keeper, signal: AbortSignal): Promise<void> {
  try {
    await keeper.call("restorable", undefined, { timeoutMs: CHECK_MS, signal });
  } catch (error) {
    if (!(error instanceof HadronError && error.code === "UNKNOWN_PROCEDURE")) throw error;
  }
}

/** Gives an app that keeps nothing yet what a backup has. */
export async function restore(command: Command): Promise<number> {
  const { app, context, cwd, flags, json, terminal } = command;
  const path = resolve(cwd, fileOf("--from", flags.from));
  await using keepers = new Keepers(command);
  const names = checkKeepers(command, keepers);
  const { head, parts } = await look(path);
  const unknown = parts.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new HadronError(
      "FAILED_PRECONDITION",
      `${path} has data of ${unknown}, which "${app.topology.app}" does not have: nothing was restored.`,
    );
  }
  await using _started = await startWhereNothingRuns(command);
  // All of them say that they can before the first does.
  for (const name of parts) await checkRestorable(await keepers.need(name), context.signal);
  const archive = new ArchiveReader(path);
  try {
    await archive.head();
    for await (const { keeper: name, chunks } of archive.parts()) {
      context.progress.step("restore", name);
      const keeper = await keepers.need(name);
      await keeper.call("restore", chunks, { timeoutMs: TIMEOUT_MS, signal: context.signal });
    }
  } finally {
    await archive.close();
  }
  command.progressDone();
  if (json) terminal.out(JSON.stringify({ app: app.topology.app, from: head.app, at: head.at, keepers: parts }));
  else terminal.err(`"${app.topology.app}" has what "${head.app}" kept at ${head.at}.`);
  return 0;
}

/** Reads all of it, so that nothing of a bad one is restored. */
async function look(path: string) {
  const archive = new ArchiveReader(path);
  try {
    const head = await archive.head();
    const parts: string[] = [];
    for await (const { keeper, chunks } of archive.parts()) {
      parts.push(keeper);
      for await (const _ of chunks);
    }
    return { head, parts };
  } finally {
    await archive.close();
  }
}

/** Where an app lives with its command there is nothing to restore into before it was started. */
async function startWhereNothingRuns(command: Command): Promise<Attached | undefined> {
  const runner = await command.runner();
  if (!(await command.module()).endsWithCommand) return undefined;
  if ((await runner.status(command.app.topology.app, command.context)).revision !== null) return undefined;
  await checkVariants(command);
  const program = await command.program(true);
  // What keeps things, and none of what would write them meanwhile: not even a leader's first word is there then.
  const services = program.topology.services.map((service) =>
    service.name.startsWith("hadron.") ? service : { ...service, replicas: 0 },
  );
  return (await runner.apply({ ...program, topology: { ...program.topology, services } }, command.context)).attached;
}

function checkKeepers({ app }: Command, { names }: Keepers): readonly string[] {
  if (names.length > 0) return names;
  throw new HadronError(
    "WRONG_USE",
    `"${app.topology.app}" declares nothing that is kept. What shards store is theirs to copy.`,
  );
}

function fileOf(flag: string, value: string | undefined): string {
  if (value === undefined) throw new HadronError("WRONG_USE", `Say which file: ${flag}=FILE.`);
  if (!/^[a-z][a-z0-9+]+:\/\//.test(value)) return value;
  throw new HadronError("WRONG_USE", `${flag} is "${value}", and should be a file of this machine.`);
}
