import { resolve } from "node:path";
import { HadronError, type ResourceCommand } from "@hadron/core/spi";
import { checkWords, openStore, type RunState, toJson } from "@hadron/resources/store";
import { toLogged } from "../log/values.ts";
import { type Found, find, programsOf, toFound, toNumber } from "./find.ts";
import { writeHistory } from "./history-files.ts";
import { toTimeline } from "./timeline.ts";

const ACTIONS = ["events", "cancel", "kill", "pause", "resume", "fork", "send"];
const STATES: readonly string[] = ["open", "paused", "ended"] satisfies readonly RunState[];
const LIMIT = 100;

/** Runs `runs`. */
export async function runs(command: ResourceCommand): Promise<number> {
  const store = await openStore(command);
  const programs = programsOf(command).map((program) => toFound(store, command, program));
  const [id, action, ...rest] = command.words;
  if (id === undefined) return list(command, programs);
  if (id === "export" && command.flags.to !== undefined) {
    checkWords("runs export --to=FOLDER", command.words, 1);
    return exportRuns(command, programs, command.flags.to);
  }
  if (action !== undefined && !ACTIONS.includes(action)) {
    throw new HadronError("WRONG_USE", `runs does no "${action}"; it does ${ACTIONS.join(", ")}: see runs --help.`);
  }
  const found = await find(id, programs);
  switch (action) {
    case undefined:
      return show(command, found, id);
    case "events":
      checkWords("runs ID events", rest, 0);
      return events(command, found, id);
    case "send":
      checkWords("runs ID send HOOK [JSON]", rest, 1, 2);
      return send(command, found, id, rest);
    case "fork":
      checkWords("runs ID fork --at=N", rest, 0);
      return fork(command, found, id);
    case "cancel":
      checkWords("runs ID cancel [REASON]", rest, 0, 1);
      await found.runs.tell(id, { kind: "cancel", reason: rest[0] ?? "no reason was given" });
      return done(command, id, "cancelled", "is told to end: its finally blocks have 30 s.");
    case "resume":
      checkWords("runs ID resume", rest, 0);
      return resume(command, found, id);
    case "kill":
      checkWords("runs ID kill", rest, 0);
      await found.runs.tell(id, { kind: "kill" });
      await found.runs.resume(id);
      return done(command, id, "killed", "ends at once.");
    default:
      checkWords("runs ID pause", rest, 0);
      await found.runs.tell(id, { kind: "pause" });
      return done(command, id, "paused", "does nothing more until it is resumed.");
  }
}

async function list({ flags, json, out, table }: ResourceCommand, programs: readonly Found[]): Promise<number> {
  const wanted = toWanted(flags);
  const lists = await Promise.all(
    programs.map(async ({ name, runs }) => (await runs.list(wanted)).map((run) => ({ program: name, ...run }))),
  );
  const rows = lists.flat().toSorted((a, b) => b.startedAt.getTime() - a.startedAt.getTime());
  if (json) out(toJson({ runs: rows }));
  else {
    table([
      ["PROGRAM", "ID", "STATE", "EVENTS", "STARTED", "ENDED", ""],
      ...rows.map(({ program, id, state, events, startedAt, endedAt, because }) => [
        program,
        id,
        state,
        String(events),
        startedAt.toISOString(),
        endedAt?.toISOString() ?? "",
        because ?? "",
      ]),
    ]);
  }
  return 0;
}

/** Which runs are meant. WRONG_USE where there are none such. */
function toWanted({ state, limit }: ResourceCommand["flags"]) {
  if (state !== undefined && !STATES.includes(state)) {
    throw new HadronError("WRONG_USE", `--state is ${state}, and should be one of ${STATES.join(", ")}.`);
  }
  return { state: state as RunState | undefined, limit: toNumber("limit", limit) ?? LIMIT };
}

/** Writes histories, a file each, as `check` reads them. */
async function exportRuns(command: ResourceCommand, programs: readonly Found[], to: string): Promise<number> {
  const { cwd, json, out, err, signal } = command;
  const paths: string[] = [];
  for (const { name, runs } of programs) {
    for (const { id } of await runs.list(toWanted(command.flags))) {
      paths.push(await writeHistory(resolve(cwd, to), { program: name, id }, await runs.log(id, undefined, signal)));
    }
  }
  if (json) out(toJson({ histories: paths }));
  else
    err(
      `Wrote ${paths.length} ${paths.length === 1 ? "history" : "histories"} to ${to}, with the inputs and outcomes of the runs.`,
    );
  return 0;
}

async function show({ flags, json, out, table, signal }: ResourceCommand, { name, runs }: Found, id: string) {
  const at = toNumber("at", flags.at);
  const status = at === undefined ? await runs.status(id) : await runs.at(id, at);
  const { startedAt, endedAt } = status;
  const log = await runs.log(id, at === undefined ? undefined : at + 1, signal);
  if (json) {
    out(toJson({ program: name, ...status, timeline: toTimeline(log, status) }));
    return 0;
  }
  const ended = endedAt === undefined || at !== undefined ? "" : `, ended ${endedAt.toISOString()}`;
  out(`${name} ${id}: ${status.state}${ended}; started ${startedAt.toISOString()}`);
  if (status.because !== undefined) out(status.because);
  table([
    ["N", "WHEN", "TOOK", "WHAT", ""],
    ...toTimeline(log, status).map(({ n, at, tookMs, what, outcome }) => [
      String(n),
      at.toISOString(),
      tookMs === undefined ? "" : toDuration(tookMs),
      what,
      outcome,
    ]),
  ]);
  return 0;
}

async function events({ flags, out, signal }: ResourceCommand, { runs }: Found, id: string): Promise<number> {
  if (flags.follow === undefined) {
    for (const event of await runs.log(id, undefined, signal)) out(toJson(event));
    return 0;
  }
  for await (const event of runs.events(id, 0, signal)) out(toJson(event));
  signal.throwIfAborted();
  return 0;
}

async function send(command: ResourceCommand, { runs }: Found, id: string, [hook = "", text]: readonly string[]) {
  const value = toLogged(text === undefined ? undefined : await command.input(text), `the message for ${hook}`);
  const { key } = command.flags;
  const sent = await runs.tell(id, { kind: "send", hook, value }, key === undefined ? undefined : `send ${key}`);
  if (command.json) command.out(toJson({ id, hook, ...sent }));
  else command.err(sent.duplicate ? `One of that key was there before.` : `Sent to hook ${hook} of ${id}.`);
  return 0;
}

async function fork({ flags, json, out, err }: ResourceCommand, { runs }: Found, id: string): Promise<number> {
  const at = toNumber("at", flags.at);
  if (at === undefined)
    throw new HadronError("WRONG_USE", "It is runs ID fork --at=N: with how many events it begins.");
  const forked = await runs.fork(id, at, flags.as ?? `${id}/fork-${at}`);
  if (json) out(toJson(forked));
  else
    err(forked.created ? `Started ${forked.id} with ${at} events of ${id}.` : `There is a run ${forked.id} already.`);
  return 0;
}

async function resume(command: ResourceCommand, { runs }: Found, id: string): Promise<number> {
  const { resumed } = await runs.resume(id);
  if (command.json) command.out(toJson({ id, resumed }));
  else command.err(resumed ? `${id} goes on.` : `${id} is not paused.`);
  return 0;
}

function done({ json, out, err }: ResourceCommand, id: string, what: string, told: string): number {
  if (json) out(toJson({ id, [what]: true }));
  else err(`${id} ${told}`);
  return 0;
}

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
] as const;

function toDuration(ms: number): string {
  const [unit, size] = UNITS.find(([, size]) => ms >= size) ?? ["ms", 1];
  const amount = ms / size;
  return `${unit === "ms" ? Math.round(amount) : Number(amount.toFixed(1))} ${unit}`;
}
