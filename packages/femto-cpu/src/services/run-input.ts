import type { Schema } from "@hadron/core";
import { MEMORY_BYTES, STACK_START } from "../machine/state.ts";

export const DEFAULT_MAX_STEPS = 100_000;
const MOST_STEPS = 1_000_000_000;
const MOST_CHARACTERS = 256 * 1024;

/** A machine at rest: all that is needed to go on from there. */
export interface Snapshot {
  readonly memory: readonly number[];
  readonly registers: Registers;
  readonly flags: { readonly zero: boolean; readonly carry: boolean };
}

export interface Registers {
  readonly A: number;
  readonly B: number;
  readonly C: number;
  readonly D: number;
  readonly SP: number;
  readonly IP: number;
}

/** What `run` takes. */
export interface RunInput {
  /** The program in assembly; or `from`. */
  readonly source?: string;
  /** Goes on from there instead. */
  readonly from?: Snapshot;
  /** Steps after which it ends as `running`. @default 100 000 */
  readonly maxSteps?: number;
  /** Whether the result tells all of the memory, and which node is next. @default false */
  readonly detail?: boolean;
}

type Check = (value: unknown) => string | undefined;

const whole = (from: number, to: number): Check => {
  const rule = `should be a whole number from ${from} to ${to}`;
  return (value) =>
    typeof value === "number" && Number.isInteger(value) && value >= from && value <= to ? undefined : rule;
};
const boolean: Check = (value) => (typeof value === "boolean" ? undefined : "should be true or false");
const source: Check = (value) => {
  if (typeof value !== "string") return "should be a program in assembly, as a string";
  return value.length > MOST_CHARACTERS ? `should be at most ${MOST_CHARACTERS} characters` : undefined;
};
const bytes: Check = (value) =>
  Array.isArray(value) && value.length === MEMORY_BYTES && value.every((byte) => byteRule(byte) === undefined)
    ? undefined
    : `should be ${MEMORY_BYTES} numbers from 0 to 255`;
const byteRule = whole(0, 255);

const SNAPSHOT: Readonly<Record<string, Check>> = {
  memory: bytes,
  ...Object.fromEntries(["A", "B", "C", "D"].map((name) => [`registers.${name}`, byteRule])),
  "registers.SP": whole(0, STACK_START),
  // One behind the end is where a program stands that ran past it.
  "registers.IP": whole(0, MEMORY_BYTES + 8),
  "flags.zero": boolean,
  "flags.carry": boolean,
};

interface Issue {
  readonly message: string;
  readonly path: readonly string[];
}

/** What `run` takes. By hand: a schema library would cost every one of many small processes its memory. */
export const runInput: Schema<RunInput> & JsonSchemas = schema(
  (input) => {
    const issues: Issue[] = [];
    const check = (path: string, rule: Check) => {
      const message = rule(path.split(".").reduce<unknown>(toField, input));
      if (message !== undefined) issues.push({ message, path: path.split(".") });
    };
    if (input.maxSteps !== undefined) check("maxSteps", whole(0, MOST_STEPS));
    if (input.detail !== undefined) check("detail", boolean);
    if (input.from === undefined) check("source", source);
    else for (const [path, rule] of Object.entries(SNAPSHOT)) check(`from.${path}`, rule);
    return issues;
  },
  ["source", "from", "maxSteps", "detail"],
  {
    type: "object",
    properties: {
      source: { type: "string", maxLength: MOST_CHARACTERS },
      maxSteps: { type: "integer", minimum: 0, maximum: MOST_STEPS, default: DEFAULT_MAX_STEPS },
      detail: { type: "boolean", default: false },
      from: { type: "object" },
    },
    additionalProperties: false,
  },
);

/** What `assemble` takes. */
export const assembleInput: Schema<{ readonly source: string }> & JsonSchemas = schema(
  (input) => {
    const message = source(input.source);
    return message === undefined ? [] : [{ message, path: ["source"] }];
  },
  ["source"],
  {
    type: "object",
    properties: { source: { type: "string", maxLength: MOST_CHARACTERS } },
    required: ["source"],
    additionalProperties: false,
  },
);

function toField(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}

interface JsonSchemas {
  readonly "~standard": { readonly jsonSchema: Readonly<Record<"input" | "output", () => Record<string, unknown>>> };
}

function schema<T>(
  check: (input: Readonly<Record<string, unknown>>) => readonly Issue[],
  known: readonly string[],
  json: Record<string, unknown>,
): Schema<T> & JsonSchemas {
  return {
    "~standard": {
      version: 1,
      vendor: "hadron",
      validate: (value) => {
        if (typeof value !== "object" || value === null || Array.isArray(value)) {
          return { issues: [{ message: `should be an object with ${known.join(", ")}` }] };
        }
        const strange = Object.keys(value).filter((key) => !known.includes(key));
        const issues = [
          ...strange.map((key) => ({ message: `is not known; there are ${known.join(", ")}`, path: [key] })),
          ...check(Object.fromEntries(Object.entries(value))),
        ];
        return issues.length > 0 ? { issues } : { value: value as T };
      },
      jsonSchema: { input: () => json, output: () => json },
    },
  };
}
