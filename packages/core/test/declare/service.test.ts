import { inspect } from "node:util";
import { image, procedure, service } from "@hadron/core";
import { expect, test } from "vitest";
import { z } from "zod";

const echo = (input: unknown) => input;

test.each(["", "Upper", "a b", "-a", "a-", "a..b", ".a", "a.", "ü", "a_b", "x".repeat(64), "a.".repeat(150)])(
  "a service cannot be called %j, and the message says the rule",
  (name) => {
    expect(() => service(name, echo)).toThrow(/cannot name a service: use lower-case letters, digits and "-"/);
  },
);

test("a name that nearly fits is suggested", () => {
  expect(() => service("My Service", echo)).toThrow('"my-service" would do');
});

test.each(["with", "then", "rpc.discover", "1st", "a b", ""])("a procedure cannot be called %j", (name) => {
  expect(() => service("a", { [name]: echo })).toThrow(/cannot name a procedure of "a"/);
});

test("what is no handler is refused where it is declared", () => {
  // @ts-expect-error: a number is no handler
  expect(() => service("a", 5)).toThrow('service "a" is number, and should be a handler');
  // @ts-expect-error: a string is no handler
  expect(() => service("a", { b: "c" })).toThrow('"b" is string, and should be a handler');
  expect(() => service("a", {})).toThrow("has no procedure");
  expect(() => service("a", service("b", echo) as never)).toThrow('is given the service "b"');
});

test.each([
  [{ replicas: 0 }, "replicas is 0, and should be a whole number from 1"],
  [{ replicas: 1.5 }, "replicas is 1.5"],
  [{ expose: { port: 70000 } }, "expose.port is 70000"],
  [{ env: { "a b": "c" } }, "cannot name an environment variable"],
  [{ env: { HADRON_X: "c" } }, "Hadron's own"],
  [{ secrets: ["A-B"] }, "cannot name an environment variable"],
  [{ files: ["a/../x"] }, "should be a path as seen from the app file's folder"],
  [{ capacity: { cpu: 0 } }, "capacity.cpu is 0"],
  [{ resources: { cpu: 1 } }, '"resources" is called "capacity": { cpu?, memoryMiB? }'],
  [{ port: 6379 }, '"port" is said of the image'],
  [{ limits: { concurrency: -1 } }, "limits.concurrency is -1"],
])("option %j is refused: %s", (options, message) => {
  expect(() => service("a", echo, options as never)).toThrow(message);
});

test("an option that is not known is refused, and the known ones are named", () => {
  expect(() => service("a", echo, { replica: 3 } as never)).toThrow(
    'knows no option "replica"; there are replicas, expose',
  );
});

test("a service is no promise, and can be printed", async () => {
  const one = service("a", echo);
  expect(await one).toBe(one);
  expect(inspect(one)).toBe("[HadronService: a]");
  expect(String(Object.prototype.toString.call(one))).toBe("[object HadronService]");
});

test("a schema that follows no standard is refused", () => {
  expect(() => procedure({ input: {} as never }, echo)).toThrow("follows Standard Schema");
  expect(procedure({ input: z.string() }, echo)).toBeTypeOf("function");
});

test("an image reference is checked", () => {
  expect(() => image("not an image")).toThrow("no image reference");
});
