import type { Schema } from "../declare/schema.ts";

/** How Standard JSON Schema (https://standardschema.dev/json-schema) tells a schema; each side on its own. */
interface JsonSchemaConverter {
  readonly input?: Convert;
  readonly output?: Convert;
}

type Convert = (options: {
  readonly target: "draft-2020-12";
  readonly libraryOptions?: Readonly<Record<string, unknown>>;
}) => Record<string, unknown>;

/**
 * What a procedure takes or gives, as JSON Schema (draft 2020-12): by the converter that the schema carries, as those of zod
 * and arktype do, and those of valibot within `toStandardJsonSchema` of `@valibot/to-json-schema`. Parts that have no form
 * in JSON, such as a date, are left open. Where nothing can be told, the schema is open, and a description says why.
 */
export function toJsonSchema(schema: Schema | undefined, side: "input" | "output"): Record<string, unknown> {
  if (schema === undefined) return {};
  const standard: { readonly vendor: string; readonly jsonSchema?: JsonSchemaConverter } = schema["~standard"];
  const convert = standard.jsonSchema?.[side];
  if (convert === undefined)
    return { description: `Checked by a schema of ${standard.vendor}, which tells no JSON Schema.` };
  try {
    return convert({ target: "draft-2020-12" });
  } catch {
    // A date or a transform in it: zod tells the rest when asked to.
    return convertOpenly(convert, standard.vendor);
  }
}

function convertOpenly(convert: Convert, vendor: string): Record<string, unknown> {
  try {
    return convert({ target: "draft-2020-12", libraryOptions: { unrepresentable: "any" } });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { description: `Checked by a schema of ${vendor}, which has no form in JSON Schema: ${why}` };
  }
}
