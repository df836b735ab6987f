/**
 * The part of Standard Schema v1 (https://standardschema.dev) that is used here, so that zod, valibot, arktype and any
 * other library that follows it can say what a procedure takes and gives.
 */
export interface Schema<I = unknown, O = I> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<O> | Promise<SchemaResult<O>>;
    readonly types?: { readonly input: I; readonly output: O } | undefined;
  };
}

export type SchemaResult<O> =
  | { readonly value: O; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Says each issue with its field, e.g. `user.age: expected number, received string`. */
export function describeIssues(issues: readonly SchemaIssue[]): string {
  return issues
    .slice(0, 10)
    .map(({ message, path = [] }) => {
      const field = path.map((part) => String(typeof part === "object" ? part.key : part)).join(".");
      return field === "" ? message : `${field}: ${message}`;
    })
    .join("; ");
}
