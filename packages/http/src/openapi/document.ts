import type { Schema } from "@hadron/core";
import { toJsonSchema } from "@hadron/core/spi";
import type { Mounted } from "../handle/handle.ts";
import type { OpenApiOptions, ResolvedFilter } from "../handle/options.ts";
import { parsePattern } from "../routes/pattern.ts";
import type { RouteOptions } from "../routes/types.ts";
import { filtersBefore, toSecurity } from "./security.ts";

/** An OpenAPI document. */
export interface OpenApiDocument {
  readonly openapi: "3.1.0";
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly components: unknown;
}

type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * Describes routes: https://spec.openapis.org/oas/v3.1.0. What takes whole requests, such as files, says nothing of its methods, and is not
 * in it.
 */
export function toOpenApi(
  mounted: readonly (readonly [key: string, Mounted])[],
  { title = "HTTP", version = "1" }: OpenApiOptions,
  before: readonly ResolvedFilter[] = [],
): OpenApiDocument {
  const paths: Record<string, Record<string, unknown>> = {};
  const securitySchemes: Record<string, unknown> = {};
  for (const [key, value] of mounted) {
    if (value.kind !== "route") continue;
    const { method, segments } = parsePattern(key);
    const names: string[] = [];
    const parts = segments.map((segment) => {
      if (segment.kind === "static") return encodeURIComponent(segment.text);
      const name = segment.kind === "param" ? segment.name : "rest";
      names.push(name);
      return `{${name}}`;
    });
    const path = `/${parts.join("/")}`;
    paths[path] ??= {};
    const statics = segments.map((segment) => (segment.kind === "static" ? segment.text : undefined));
    const { requirements, schemes } = toSecurity(filtersBefore(before, statics, value.options.before));
    for (const { name, scheme } of schemes) securitySchemes[name] = scheme;
    const security = requirements.length === 0 ? {} : { security: requirements };
    paths[path][(method ?? "get").toLowerCase()] = { ...toOperation(value.options, names), ...security };
  }
  const schemas = { Problem: PROBLEM };
  const guarded = Object.keys(securitySchemes).length > 0;
  const components = guarded ? { schemas, securitySchemes } : { schemas };
  return { openapi: "3.1.0", info: { title, version }, paths, components };
}

/** RFC 9457, with the code of ours. */
const PROBLEM = {
  type: "object",
  required: ["title", "status"],
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    code: { type: "string" },
  },
};

function toOperation({ input, output, query, body, status, description }: RouteOptions, names: readonly string[]) {
  const parameters = [
    ...names.map((name) => ({ name, in: "path", required: true, schema: { type: "string" } })),
    ...toQueryParameters(query),
  ];
  const type = body === undefined || body === "parsed" ? "application/json" : "application/octet-stream";
  const takesBody = input !== undefined || type !== "application/json";
  const requestBody = { required: true, content: { [type]: { schema: bare(input, "input") } } };
  const answer = output === undefined ? {} : { content: { "application/json": { schema: bare(output, "output") } } };
  const problem = { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } };
  return {
    ...(description === undefined ? {} : { description }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(takesBody ? { requestBody } : {}),
    responses: {
      [String(status ?? 200)]: { description: "The answer.", ...answer },
      default: { description: "What went wrong.", content: problem },
    },
  };
}

function toQueryParameters(query: Schema<any, any> | undefined) {
  const { properties = {}, required = [] } = bare(query, "input") as {
    readonly properties?: Readonly<Record<string, JsonSchema>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: "query",
    required: required.includes(name),
    schema,
  }));
}

/** Without `$schema`: the document says once which JSON Schema is meant. */
function bare(schema: Schema<any, any> | undefined, side: "input" | "output"): JsonSchema {
  const { $schema: _, ...rest } = toJsonSchema(schema, side);
  return rest;
}
