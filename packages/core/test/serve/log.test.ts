import { HadronError } from "@hadron/core";
import { expect, test } from "vitest";
import { ambient } from "../../src/call/host/ambient.ts";
import { createSystemClock } from "../../src/clock/system-clock.ts";
import { GivenValues } from "../../src/given/given-values.ts";
import { Scope } from "../../src/scope/scope.ts";
import { createLog } from "../../src/serve/log.ts";

const clock = createSystemClock();

function logging() {
  const lines: string[] = [];
  const log = createLog("shop.0", (line) => lines.push(line), clock);
  return { log, last: () => JSON.parse(lines.at(-1)!) };
}

test("a line in a traced call names trace and span as OpenTelemetry does; another names none", () => {
  const { log, last } = logging();
  const trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const scope = new Scope({ clock, deadlineAt: Number.POSITIVE_INFINITY, trace });
  const host = {
    self: { app: "a", service: "shop", replica: "shop.0", topology: "t" },
    clock,
    app: undefined,
    given: new GivenValues(),
    call: async () => {},
    log: undefined,
    onClose: () => {},
    count: () => 1,
    address: async () => ({ host: "localhost", port: 1 }),
  };
  ambient.run({ host, scope, context: undefined }, () => log.info("sold", { item: 7 }));
  expect(last()).toEqual({
    time: expect.any(String),
    level: "info",
    replica: "shop.0",
    message: "sold",
    trace_id: "4bf92f3577b34da6a3ce929d0e0e4736",
    span_id: "00f067aa0ba902b7",
    trace_flags: "01",
    item: 7,
  });
  log.warn("slow");
  expect(Object.keys(last())).toEqual(["time", "level", "replica", "message"]);
});

test("an error in a field is told: its name, code, message, stack and cause", () => {
  const { log, last } = logging();
  const cause = new TypeError("no such field");
  log.error("failed", { error: new HadronError("NOT_FOUND", "No such user.", { cause }), tries: 2 });
  expect(last()).toMatchObject({
    tries: 2,
    error: {
      name: "HadronError",
      code: "NOT_FOUND",
      message: "No such user.",
      stack: expect.stringContaining("log.test.ts"),
      cause: { name: "TypeError", message: "no such field", stack: expect.any(String) },
    },
  });
});

test("what cannot be written as JSON costs its fields, not the line", () => {
  const { log, last } = logging();
  const circle: { self?: unknown } = {};
  circle.self = circle;
  log.info("round", { circle });
  expect(last()).toMatchObject({
    message: "round",
    replica: "shop.0",
    unloggable: expect.stringContaining("circular"),
  });
});
