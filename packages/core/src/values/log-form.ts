import { inWords, isHadronError } from "../errors.ts";
import { type JsonForms, toJsonForm } from "./json-form.ts";

const FORMS: JsonForms = {
  depth: 8,
  unsendable: (_, why) => `[${why.replace(/^is /, "").replace(/;.*/, "")}]`,
  error: toErrorFields,
};

/** How a value is told in a log: whatever was put into a line, the line comes out. */
export function toLogForm(value: unknown): unknown {
  try {
    return toJsonForm(value, "", FORMS);
  } catch (error) {
    return `[cannot be read: ${inWords(error)}]`;
  }
}

/** What an error says: as an object of its own it has no fields that JSON would show. */
function toErrorFields(error: Error): Readonly<Record<string, unknown>> {
  const { name, message, stack, cause } = error;
  const plain = Object.entries(error).filter(([, field]) => !(typeof field === "object" && field !== null));
  return {
    name,
    ...Object.fromEntries(isHadronError(error) ? [["code", error.code]] : plain),
    message: isHadronError(error) ? error.detail : message,
    stack,
    ...(cause === undefined ? {} : { cause }),
    ...(error instanceof AggregateError ? { errors: error.errors } : {}),
  };
}
