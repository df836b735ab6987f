import { type Errno, WasiError } from "../wasi/errno.ts";

/** Ends a function of WASI 0.2 with what its `result` has for a failure. */
export class Failure extends Error {
  readonly payload: unknown;

  constructor(payload: unknown) {
    super(typeof payload === "string" ? payload : "it failed");
    this.payload = payload;
  }
}

/** How `wasi:filesystem` says what the first forms of WASI say by a number. */
const CODES: Readonly<Record<Errno, string>> = {
  success: "io",
  acces: "access",
  badf: "bad-descriptor",
  exist: "exist",
  fault: "invalid",
  fbig: "file-too-large",
  ilseq: "illegal-byte-sequence",
  inval: "invalid",
  io: "io",
  isdir: "is-directory",
  loop: "loop",
  nametoolong: "name-too-long",
  noent: "no-entry",
  nospc: "insufficient-space",
  nosys: "unsupported",
  notcapable: "not-permitted",
  notdir: "not-directory",
  notempty: "not-empty",
  notsup: "unsupported",
  overflow: "overflow",
  perm: "not-permitted",
  rofs: "read-only",
  spipe: "invalid-seek",
};

export function codeOf({ errno }: WasiError): string {
  return CODES[errno];
}

/** Does something with files; what fails is one of the codes of `wasi:filesystem`. */
export function orCode<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw error instanceof WasiError ? new Failure(codeOf(error)) : error;
  }
}
