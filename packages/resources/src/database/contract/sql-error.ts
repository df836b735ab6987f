import { type ErrorCode, HadronError, isHadronError } from "@hadron/core/spi";

/** An error that a database answered with. */
export interface SqlError extends HadronError {
  /** Five letters and digits that say what failed: https://www.postgresql.org/docs/18/errcodes-appendix.html */
  readonly sqlState: string;
  /** The constraint that was broken, where it is one. */
  readonly constraint: string | undefined;
  readonly table: string | undefined;
  readonly column: string | undefined;
}

/** Tests for an error of a database. */
export function isSqlError(error: unknown): error is SqlError {
  return isHadronError(error) && typeof (error as Partial<SqlError>).sqlState === "string";
}

/** What `pg` throws where the server answered. */
interface PgError extends Error {
  readonly code: string;
  readonly severity: string;
  readonly constraint?: string;
  readonly table?: string;
  readonly column?: string;
}

/** What the state means to a caller, by its beginning: the longest counts. */
const CODES: readonly (readonly [string, ErrorCode])[] = [
  ["40", "ABORTED"],
  ["55P03", "ABORTED"],
  ["23505", "ALREADY_EXISTS"],
  ["23", "FAILED_PRECONDITION"],
  ["22", "INVALID_INPUT"],
  ["42501", "PERMISSION_DENIED"],
  ["53", "OVERLOADED"],
  ["57014", "CANCELLED"],
  ["57P", "UNAVAILABLE"],
  ["08", "UNAVAILABLE"],
  ["25006", "FAILED_PRECONDITION"],
];

/**
 * What a statement failed with, as our error: SQLSTATE kept, the driver's own error as cause. Details that the server tells
 * beside its message hold values of rows, and stay in the cause.
 */
export function toSqlError(error: unknown, database: string): HadronError {
  if (isHadronError(error)) return error;
  if (isPgError(error)) {
    const code = CODES.find(([state]) => error.code.startsWith(state))?.[1] ?? "HANDLER_FAILED";
    const made = new HadronError(code, `database("${database}"): ${error.message} (SQLSTATE ${error.code})`, {
      cause: error,
    });
    const { constraint, table, column } = error;
    return Object.assign(made, { sqlState: error.code, constraint, table, column });
  }
  const why = error instanceof Error ? error.message : String(error);
  return new HadronError(
    "UNAVAILABLE",
    `database("${database}"): the connection broke (${why}): whether what was under way was done is unknown.`,
    { cause: error },
  );
}

function isPgError(error: unknown): error is PgError {
  return error instanceof Error && "severity" in error && "code" in error && typeof error.code === "string";
}
