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

test("what cannot be written as JSON costs its field, not the line", () => {
  const { log, last } = logging();
  const circle: { self?: any } = {};
  circle.self = circle;
  const broken = Object.defineProperty({}, "x", { enumerable: true, get: () => circle.self.missing.field });
  log.info("round", { circle, broken, kept: 1 });
  expect(last()).toMatchObject({
    message: "round",
    replica: "shop.0",
    circle: { self: "[contains itself]" },
    broken: expect.stringContaining("cannot be read"),
    kept: 1,
  });
});

test("a field named as one of the line's own does not take its place", () => {
  const { log, last } = logging();
  log.info("real", { message: "user's", time: "user's", level: "user's", fields: 1, item: 7 });
  expect(last()).toMatchObject({ level: "info", message: "real", item: 7 });
  expect(last().time).not.toBe("user's");
  expect(last().fields).toEqual({ message: "user's", time: "user's", level: "user's", fields: 1 });
});

test("values without a form in JSON are told in words, errors with their parts and fields", () => {
  const { log, last } = logging();
  const parts = new AggregateError(
    [new Error("first"), Object.assign(new Error("second"), { table: "users" })],
    "both",
  );
  log.info("all", { n: 5n, map: new Map([["a", 1]]), f: () => 1, parts, headers: new Headers() });
  expect(last()).toMatchObject({
    n: "5",
    map: [["a", 1]],
    f: "[a function]",
    headers: "[a Headers]",
    parts: { message: "both", errors: [{ message: "first" }, { message: "second", table: "users" }] },
  });
});
