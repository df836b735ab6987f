import { type } from "arktype";
import * as v from "valibot";
import { expect, test } from "vitest";
import { z } from "zod";
import { toJsonSchema } from "../../src/serve/json-schema.ts";

test("a schema of zod is told as JSON Schema, what it takes and what it gives apart", () => {
  const schema = z.object({ name: z.string().min(1), age: z.int().optional() });
  expect(toJsonSchema(schema, "input")).toMatchObject({
    type: "object",
    properties: { name: { type: "string", minLength: 1 }, age: { type: "integer" } },
    required: ["name"],
  });
  const withDefault = z.object({ page: z.number().default(1) });
  expect(toJsonSchema(withDefault, "input").required).toBeUndefined();
  expect(toJsonSchema(withDefault, "output").required).toEqual(["page"]);
});

test("a part without a form in JSON is left open, and the rest is told", () => {
  const schema = z.object({ at: z.date(), n: z.string().transform(Number), who: z.string() });
  expect(toJsonSchema(schema, "input").properties).toEqual({ at: {}, n: { type: "string" }, who: { type: "string" } });
  expect(toJsonSchema(schema, "output").properties).toEqual({ at: {}, n: {}, who: { type: "string" } });
});

test("a schema of arktype is told as JSON Schema", () => {
  const schema = type({ name: "string", "age?": "number > 0" });
  expect(toJsonSchema(schema, "input")).toMatchObject({
    type: "object",
    properties: { name: { type: "string" }, age: { type: "number", exclusiveMinimum: 0 } },
    required: ["name"],
  });
});

test("a schema of valibot tells nothing by itself, and says so; within a converter it is told", () => {
  const schema = v.object({ name: v.string() });
  expect(toJsonSchema(schema, "input")).toEqual({ description: expect.stringContaining("valibot") });
  const told = { type: "object", properties: { name: { type: "string" } }, required: ["name"] };
  const carrying = { "~standard": { ...schema["~standard"], jsonSchema: { input: () => told, output: () => told } } };
  expect(toJsonSchema(carrying, "input")).toEqual(told);
});

test("a converter that fails is no failure of ours: its reason is the description", () => {
  const input = () => {
    throw new Error("no form for a bigint");
  };
  const failing = { "~standard": { ...z.bigint()["~standard"], jsonSchema: { input } } };
  expect(toJsonSchema(failing, "input")).toEqual({ description: expect.stringContaining("no form for a bigint") });
  expect(toJsonSchema(undefined, "input")).toEqual({});
});
