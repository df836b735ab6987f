import type { ErrorCode } from "@hadron/core";

/** Ends a call with a code of the product's. A guest cannot go on after it: it is thrown through its frames. */
export class GuestError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
