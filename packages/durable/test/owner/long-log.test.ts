import { createSystemClock, obeyInnerTime } from "@hadron/core/spi";
import { expect, test } from "vitest";
import { LocalStore } from "../../../resources/test/local-link.ts";
import { hook, step } from "../../src/index.ts";
import type { LogEvent } from "../../src/log/events.ts";
import { toRunEvent } from "../../src/log/stored-events.ts";
import { toLogged } from "../../src/log/values.ts";
import { Session } from "../../src/owner/session.ts";
import { begin } from "../engine/lives.ts";

obeyInnerTime();

const called = (command: number, kind: "step" | "next", name: string): LogEvent => {
  return { type: "called", at: 1, command, kind, name, until: undefined };
};

/** Keeps a run of this log, takes it, and lets it go on to its end: what it gave, and from where its log was read. */
async function goOn(program: () => unknown, log: readonly LogEvent[], watched?: (from: number) => void) {
  await using store = new LocalStore();
  const client = store.client();
  const [event, ...more] = log.map(toRunEvent);
  if (event === undefined) throw new Error("there is no log");
  await client.do({ kind: "start-run", program: "p", id: "1", event, more });
  const claim = { kind: "claim-runs", program: "p", holder: "h", most: 1, leaseMs: 9e9, after: 0 } as const;
  const { runs } = await client.do({ ...claim, known: undefined });
  const [claimed] = runs;
  if (claimed === undefined) throw new Error("there is no run");
  const read = client.read.bind(client);
  client.read = (query) => {
    if (query.kind === "run-events") watched?.(query.from);
    return read(query);
  };
  const session = new Session({
    store: client,
    clock: createSystemClock(),
    program: "p",
    id: claimed.id,
    from: claimed,
    keepsPlace: false,
    engine: { program, doorUrl: "", nextTurn: setImmediate, outside: (work) => work() },
  });
  await session.start();
  return await session.over;
}

test("a log is read a page at a time, while the program goes through it", async () => {
  const log = begin();
  for (let command = 0; command < 5000; command++) {
    log.push(called(command, "step", "s"));
    log.push({ type: "settled", at: 1, command, outcome: { ok: toLogged(command, "it") } });
  }
  let done = 0;
  let mostAhead = 0;
  const program = async () => {
    for (; done < 5000; done++) expect(await step("s", () => "anew")).toBe(done);
    return step("last", () => "new");
  };
  const stop = await goOn(program, log, (from) => {
    mostAhead = Math.max(mostAhead, from - 2 * done);
  });
  expect(stop).toMatchObject({ state: "ended", outcome: { ok: toLogged("new", "it") } });
  expect(mostAhead).toBeLessThan(2500);
});

test("a run whose log has what it asked for long after what it was given goes on as well", async () => {
  const log = begin();
  for (let n = 0; n < 3000; n++) log.push({ type: "received", at: 1, hook: "h", value: toLogged(n, "it") });
  for (let n = 0; n < 3000; n++) log.push(called(2 * n, "next", "h"), called(2 * n + 1, "step", "s"));
  for (let n = 0; n < 3000; n++) {
    log.push({ type: "settled", at: 1, command: 2 * n + 1, outcome: { ok: toLogged(n, "it") } });
  }
  const program = async () => {
    const steps: Promise<unknown>[] = [];
    for (let n = 0; n < 3000; n++) {
      await hook("h").next();
      steps.push(step("s", () => "anew"));
    }
    const values = await Promise.all(steps);
    return values.every((value, n) => value === n);
  };
  const stop = await goOn(program, log);
  expect(stop).toMatchObject({ state: "ended", outcome: { ok: toLogged(true, "it") } });
});
