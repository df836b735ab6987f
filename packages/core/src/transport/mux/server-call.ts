import type { Scope } from "../../call/scope.ts";
import type { ErrorData } from "../../errors.ts";
import type { IncomingCall, Reply } from "../transport.ts";
import type { Numbered } from "./call-table.ts";

/** Whoever sends the outcomes of calls. */
export interface ReplyTaker {
  reply(call: ServerCall, output: unknown): void;
  fail(call: ServerCall, error: ErrorData): void;
}

/** A call that came in, and where its outcome goes. One object a call. */
export class ServerCall implements Numbered, IncomingCall, Reply {
  id: number;
  readonly procedure: string;
  input: unknown = undefined;
  timeoutMs: number | undefined;
  readonly trace: string | undefined;
  readonly caller: string | undefined;
  /** When its first frame came, where its input comes in chunks. */
  arrivedAt = 0;
  scope: Scope | undefined = undefined;
  #connection: ReplyTaker | undefined;

  constructor(
    connection: ReplyTaker,
    id: number,
    procedure: string,
    timeoutMs: number | undefined,
    trace: string | undefined,
    caller: string | undefined,
  ) {
    this.#connection = connection;
    this.id = id;
    this.procedure = procedure;
    this.timeoutMs = timeoutMs;
    this.trace = trace;
    this.caller = caller;
  }

  ok(output: unknown): void {
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.reply(this, output);
  }

  fail(error: ErrorData): void {
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.fail(this, error);
  }

  /** Nobody waits for the outcome any more. */
  forget(): void {
    this.#connection = undefined;
  }
}
