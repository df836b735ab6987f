/**
 * Every way in which a call, a declaration or a command can fail. The list is closed: code that handles each of
 * these handles everything. Meanings follow gRPC's status codes; numbers are JSON-RPC 2.0's, where it has one.
 *
 * `retryable` says whether the same call may succeed a little later, unchanged. Whether it may be *repeated* is another
 * question, which only the procedure's declaration (`idempotent`) answers.
 */
export const ERROR_CODES = {
  /** The body is not JSON. */
  PARSE_ERROR: { rpc: -32700, retryable: false },
  /** The body is JSON, but no JSON-RPC request. */
  INVALID_REQUEST: { rpc: -32600, retryable: false },
  /** The service has no procedure of that name. */
  UNKNOWN_PROCEDURE: { rpc: -32601, retryable: false },
  /** The input does not fit the procedure's schema, or is not what its handler can take. */
  INVALID_INPUT: { rpc: -32602, retryable: false },
  /** A defect in Hadron itself. */
  INTERNAL: { rpc: -32603, retryable: false },
  /** The handler threw. Its message is passed on, its stack is in the replica's log. */
  HANDLER_FAILED: { rpc: -32000, retryable: false },
  /** The caller went away, or said that it no longer wants the answer. */
  CANCELLED: { rpc: -32001, retryable: false },
  /** The time of the call ran out. */
  DEADLINE_EXCEEDED: { rpc: -32002, retryable: false },
  /** No replica could be reached, or the replica died during the call. */
  UNAVAILABLE: { rpc: -32003, retryable: true },
  /** The replica has as much work as it can take. */
  OVERLOADED: { rpc: -32004, retryable: true },
  /** An input or an output is larger than the limit of the service. */
  TOO_LARGE: { rpc: -32005, retryable: false },
  /** What the handler returned does not fit its schema, or cannot be sent. */
  INVALID_OUTPUT: { rpc: -32006, retryable: false },
  /** The app has no service of that name. */
  UNKNOWN_SERVICE: { rpc: -32007, retryable: false },
  /** For handlers: the thing asked for does not exist. */
  NOT_FOUND: { rpc: -32010, retryable: false },
  /** For handlers: the thing to be made exists already. */
  ALREADY_EXISTS: { rpc: -32011, retryable: false },
  /** For handlers: the system is not in a state in which this can be done. */
  FAILED_PRECONDITION: { rpc: -32012, retryable: false },
  /** For handlers: the caller is known, and may not do this. */
  PERMISSION_DENIED: { rpc: -32013, retryable: false },
  /** For handlers: who the caller is is not known. */
  UNAUTHENTICATED: { rpc: -32014, retryable: false },
  /** For handlers: a conflict with other work; the whole operation may be tried anew. */
  ABORTED: { rpc: -32015, retryable: true },
  /** A declaration breaks a rule: a name, a count, an option. */
  INVALID_DECLARATION: { rpc: -32020, retryable: false },
  /** A replica's topology is not the deployed one: the app file is not deterministic. */
  TOPOLOGY_MISMATCH: { rpc: -32021, retryable: false },
  /** A command line that asks for what there is not. Exit status 2. */
  WRONG_USE: { rpc: -32022, retryable: false },
  /** A runner could not do what was asked: no engine, no cluster, a replica that does not start. */
  RUNNER_FAILED: { rpc: -32023, retryable: false },
} as const satisfies Record<string, { rpc: number; retryable: boolean }>;

/** A stable name of a kind of failure: see {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;

export interface HadronErrorOptions {
  readonly cause?: unknown;
  /** The way of the call, caller first, down to the replica that failed. @default [] */
  readonly path?: readonly string[];
  /** Whether the same call may succeed a little later. @default what the code says */
  readonly retryable?: boolean;
  /** Nothing of the call was sent, so that it may go elsewhere whatever it does. @default false */
  readonly unsent?: boolean;
  /** When to try again, in milliseconds from now. */
  readonly retryAfterMs?: number;
}

/**
 * The one error class. On the calling side of a failed call, `code` is what the called side said.
 *
 * @example
 * try { await histogram() } catch (error) {
 *   if (isHadronError(error) && error.code === "UNAVAILABLE") …
 * }
 */
export class HadronError extends Error {
  override readonly name = "HadronError";
  readonly code: ErrorCode;
  /** The message without the path. */
  readonly detail: string;
  readonly retryable: boolean;
  readonly path: readonly string[];
  readonly unsent: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: HadronErrorOptions = {}) {
    super(withPath(message, options.path), options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.detail = message;
    this.retryable = options.retryable ?? ERROR_CODES[code].retryable;
    this.path = options.path ?? [];
    this.unsent = options.unsent ?? false;
    this.retryAfterMs = options.retryAfterMs;
  }
}

function withPath(message: string, path: readonly string[] | undefined): string {
  return path === undefined || path.length === 0 ? message : `${message} (${path.join(" → ")})`;
}

/** Tests for a {@link HadronError}, also one of another copy of this package. */
export function isHadronError(value: unknown): value is HadronError {
  try {
    return value instanceof Error && value.name === "HadronError" && isErrorCode((value as HadronError).code);
  } catch {
    return false; // A proxy, or a getter, that throws.
  }
}

/** Tests whether something is one of the {@link ERROR_CODES}. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === "string" && Object.hasOwn(ERROR_CODES, value);
}

/** What of an error crosses the wire. No stack: it may show what a caller should not see. */
export interface ErrorData {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable: boolean;
  readonly path: readonly string[];
  readonly retryAfterMs?: number;
}

/** Turns whatever was thrown by a handler into what its caller sees. Never throws. */
export function toErrorData(error: unknown): ErrorData {
  try {
    if (isHadronError(error)) return readData(error);
    const message = error instanceof Error ? inWords(error) : `threw ${inWords(error)}`;
    return { code: "HANDLER_FAILED", message, retryable: false, path: [] };
  } catch {
    return { code: "HANDLER_FAILED", message: `threw ${WORDLESS}`, retryable: false, path: [] };
  }
}

/** Another copy of this package, or somebody's imitation, may have said it: only what is of the right type is taken. */
function readData(error: HadronError): ErrorData {
  const { code, detail, retryable, path, retryAfterMs }: { [Field in keyof HadronError]?: unknown } = error;
  const known = isErrorCode(code) ? code : "HANDLER_FAILED";
  return {
    code: known,
    message: typeof detail === "string" ? detail : inWords(error),
    retryable: typeof retryable === "boolean" ? retryable : ERROR_CODES[known].retryable,
    path: Array.isArray(path) ? path.filter((step) => typeof step === "string") : [],
    ...(typeof retryAfterMs === "number" ? { retryAfterMs } : {}),
  };
}

/** Turns what crossed the wire back into an error. An unknown code (of a later version) becomes INTERNAL. */
export function fromErrorData(data: ErrorData): HadronError {
  const { message, retryable, path, retryAfterMs } = data;
  const code = isErrorCode(data.code) ? data.code : "INTERNAL";
  return new HadronError(code, message, { retryable, path, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
}

/** The code of a JSON-RPC error number, for peers that send no `data`. */
export function codeOfRpcNumber(rpc: number): ErrorCode {
  for (const [code, { rpc: number }] of Object.entries(ERROR_CODES)) if (number === rpc) return code as ErrorCode;
  return "HANDLER_FAILED";
}

/** How the system names what failed (`ENOENT`, `EADDRINUSE`), or undefined where it names nothing. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** What is said of what cannot be told in words. */
const WORDLESS = "something that has no words";

/**
 * What was thrown, or caused a failure, as one text. Anything can be thrown: what is no error is told by its own message
 * where it has one, else as JSON, and never as `[object Object]`. Never throws, whatever reading it does.
 */
export function inWords(thrown: unknown): string {
  try {
    if (typeof thrown !== "object" || thrown === null) return String(thrown);
    if ("message" in thrown && typeof thrown.message === "string" && thrown.message !== "") return thrown.message;
    if (thrown instanceof Error) return typeof thrown.name === "string" && thrown.name !== "" ? thrown.name : "Error";
    return JSON.stringify(thrown) ?? WORDLESS;
  } catch {
    return WORDLESS; // A circle, a bigint, or a toJSON, a getter, a proxy that throws.
  }
}
