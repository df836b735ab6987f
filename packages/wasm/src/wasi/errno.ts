/** What a function of WASI returns where it fails (wasi_snapshot_preview1.witx, `errno`). */
export const ERRNO = {
  success: 0,
  acces: 2,
  badf: 8,
  exist: 20,
  fault: 21,
  fbig: 22,
  ilseq: 25,
  inval: 28,
  io: 29,
  isdir: 31,
  loop: 32,
  nametoolong: 37,
  noent: 44,
  nospc: 51,
  nosys: 52,
  notdir: 54,
  notempty: 55,
  notsup: 58,
  overflow: 61,
  perm: 63,
  rofs: 69,
  spipe: 70,
  notcapable: 76,
} as const;

export type Errno = keyof typeof ERRNO;

/** Ends a function of WASI with a number. */
export class WasiError extends Error {
  readonly errno: Errno;

  constructor(errno: Errno) {
    super(errno);
    this.errno = errno;
  }
}

const OF_SYSTEM: Readonly<Record<string, Errno>> = {
  EACCES: "acces",
  EBADF: "badf",
  EEXIST: "exist",
  EISDIR: "isdir",
  ELOOP: "loop",
  ENAMETOOLONG: "nametoolong",
  ENOENT: "noent",
  ENOSPC: "nospc",
  ENOTDIR: "notdir",
  ENOTEMPTY: "notempty",
  EPERM: "perm",
  EROFS: "rofs",
  EINVAL: "inval",
};

/** The same failure of the system's, as WASI says it. */
export function toWasiError(error: unknown): WasiError {
  if (error instanceof WasiError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return new WasiError(OF_SYSTEM[code] ?? "io");
}
