import type { GuestFunction } from "../guest/function.ts";
import { WasiError } from "./errno.ts";
import { fileFunctions, PREVIEW1, UNSTABLE } from "./files.ts";
import { answering, type WasiGuest } from "./guest.ts";
import { pathFunctions } from "./path-functions.ts";
import { PREVIEW1_POLL, pollFunctions, UNSTABLE_POLL } from "./poll.ts";
import { processFunctions } from "./process.ts";

/** There are no sockets and no signals. */
const ABSENT = ["proc_raise", "sock_accept", "sock_recv", "sock_send", "sock_shutdown"];

/**
 * The functions of WASI, on files that the host made up and nothing else. Node's own is not used: it is not meant for code
 * that is not trusted, and lets a guest leave its folder by a link.
 *
 * @param names Of the functions that are wanted.
 */
export function wasiFunctions(
  module: "wasi_snapshot_preview1" | "wasi_unstable",
  guest: WasiGuest,
  names: readonly string[],
): Record<string, GuestFunction> {
  const [files, poll] = module === "wasi_unstable" ? [UNSTABLE, UNSTABLE_POLL] : [PREVIEW1, PREVIEW1_POLL];
  const absent = () => {
    throw new WasiError("nosys");
  };
  const functions = {
    ...Object.fromEntries(ABSENT.map((name) => [name, absent])),
    ...processFunctions(guest),
    ...fileFunctions(guest, files),
    ...pathFunctions(guest, files),
    ...pollFunctions(guest, poll),
  };
  return answering(functions, names);
}
