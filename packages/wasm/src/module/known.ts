import type { Signature, ValueType } from "./shape.ts";

/** Modules of imports that the host itself has: WASI in its two first forms, and the two generations of the guest API. */
export type KnownModule = "wasi_snapshot_preview1" | "wasi_unstable" | "core" | "my-own-cluster" | "env";

const LETTERS: Readonly<Record<string, ValueType>> = { i: "i32", I: "i64" };

/** `iI:i`: takes an i32 and an i64, gives an i32. */
function toSignature(letters: string): Signature {
  const [params = "", results = ""] = letters.split(":");
  const types = (of: string) => [...of].map((letter) => LETTERS[letter] ?? "reference");
  return { params: types(params), results: types(results) };
}

function toSignatures(byLetters: Readonly<Record<string, string>>): ReadonlyMap<string, Signature> {
  return new Map(
    Object.entries(byLetters).flatMap(([letters, names]) =>
      names.split(" ").map((name) => [name, toSignature(letters)] as const),
    ),
  );
}

/** As wasi_snapshot_preview1.witx has them (https://github.com/WebAssembly/WASI/tree/main/legacy/preview1/witx). */
const WASI = {
  "ii:i":
    "args_get args_sizes_get environ_get environ_sizes_get clock_res_get fd_fdstat_get fd_fdstat_set_flags fd_filestat_get fd_prestat_get fd_renumber fd_tell random_get sock_shutdown",
  "iIi:i": "clock_time_get",
  "iIIi:i": "fd_advise fd_filestat_set_times",
  "iII:i": "fd_allocate fd_fdstat_set_rights",
  "i:i": "fd_close fd_datasync fd_sync proc_raise",
  "iI:i": "fd_filestat_set_size",
  "iiiIi:i": "fd_pread fd_pwrite fd_readdir",
  "iii:i": "fd_prestat_dir_name path_create_directory path_remove_directory path_unlink_file sock_accept",
  "iiii:i": "fd_read fd_write poll_oneoff",
  "iIii:i": "fd_seek",
  "iiiii:i": "path_filestat_get path_symlink sock_send",
  "iiiiIIi:i": "path_filestat_set_times",
  "iiiiiii:i": "path_link",
  "iiiiiIIii:i": "path_open",
  "iiiiii:i": "path_readlink path_rename sock_recv",
  "i:": "proc_exit",
  ":i": "sched_yield",
};

/** The second generation of the guest API. */
const CORE = {
  ":i": "get_input_buffer_id get_output_buffer_id create_exchange_buffer get_status is_trace",
  "iii:i": "write_exchange_buffer read_exchange_buffer",
  "iiiii:i": "write_exchange_buffer_header",
  "ii:i":
    "write_exchange_buffer_status_code get_blob_tech_id_from_name get_blob_bytes_as_string base64_encode base64_decode get_url get_time print_debug persistence_get persistence_get_subset",
  "i:i": "read_exchange_buffer_headers free_buffer",
  "iiii:i": "persistence_set",
  "iiiiiiiiiiiiii:i": "call_function",
};

/** The first generation of the guest API. */
const FIRST = {
  ":i": "test get_input_buffer_id get_output_buffer_id",
  "ii:i": "print_debug register_buffer get_url base64_decode persistence_get persistence_get_subset",
  "i:i": "get_buffer_size get_buffer_headers free_buffer get_time",
  "iii:i": "get_buffer write_buffer",
  "iiiii:i": "write_buffer_header",
  "iiiiiiii:i": "plug_file",
  "iiii:i": "persistence_set",
};

/** What AssemblyScript calls when an assertion fails: message, file, line, column. */
const ENV = { "iiii:": "abort" };

/** What the host has, by the name of its module and of its function. */
export const KNOWN: Readonly<Record<KnownModule, ReadonlyMap<string, Signature>>> = {
  wasi_snapshot_preview1: toSignatures(WASI),
  wasi_unstable: toSignatures(WASI),
  core: toSignatures(CORE),
  "my-own-cluster": toSignatures(FIRST),
  env: toSignatures(ENV),
};

export function isKnown(module: string): module is KnownModule {
  return Object.hasOwn(KNOWN, module);
}
