import { GuestError } from "../guest/error.ts";
import type { GuestFunction } from "../guest/function.ts";
import type { AdminWish } from "../guest/protocol.ts";
import { packMap } from "./exchange.ts";
import type { BufferGuest } from "./guest.ts";

/** Numbers that a module is called with by name. */
const MOST_ARGUMENTS = 64;
/** What is returned where something is not there. */
const ABSENT = 0xffff;

/** The second generation of the guest API, `core`: buffers are handles, and handles are all that is returned. */
export function coreFunctions(guest: BufferGuest): Record<string, GuestFunction> {
  const { memory } = guest;
  const found = (id: number) => {
    const buffer = guest.buffers.find(id);
    if (buffer === undefined) throw new GuestError("HANDLER_FAILED", `it uses a buffer ${id} that it does not have`);
    return buffer;
  };
  const wish = (wish: AdminWish) => guest.ask({ kind: "admin", wish });
  return {
    get_input_buffer_id: () => guest.buffers.input,
    get_output_buffer_id: () => guest.buffers.output,
    create_exchange_buffer: () => guest.buffers.create(new Uint8Array()),
    write_exchange_buffer: (id: number, pointer: number, length: number) => {
      guest.buffers.append(found(id), memory.copy(pointer, length));
      return length;
    },
    write_exchange_buffer_header: (id: number, name: number, nameLength: number, value: number, length: number) => {
      found(id).headers.set(memory.text(name, nameLength).toLowerCase(), memory.text(value, length));
      return 1;
    },
    write_exchange_buffer_status_code: (id: number, status: number) => {
      found(id).status = status >>> 0;
      return 1;
    },
    read_exchange_buffer: (id: number, pointer: number, length: number) => {
      const { bytes } = found(id);
      // With too little room, or none, it says how much is needed.
      if (length >>> 0 >= bytes.length) memory.write(pointer, bytes);
      return bytes.length;
    },
    read_exchange_buffer_headers: (id: number) => guest.buffers.create(packMap(found(id).headers)),
    free_buffer: (id: number) => (guest.buffers.free(id) ? 1 : ABSENT),
    persistence_set: (key: number, keyLength: number, value: number, length: number) => {
      guest.ask({ kind: "kv.set", key: memory.text(key, keyLength), value: memory.copy(value, length) });
      return 1;
    },
    persistence_get: (key: number, length: number) => {
      const { bytes } = guest.ask({ kind: "kv.get", key: memory.text(key, length) });
      return guest.buffers.create(bytes ?? new Uint8Array());
    },
    persistence_get_subset: (prefix: number, length: number) => {
      const { entries = [] } = guest.ask({ kind: "kv.list", prefix: memory.text(prefix, length) });
      return guest.buffers.create(packMap(entries));
    },
    base64_encode: (pointer: number, length: number) =>
      guest.buffers.create(Buffer.from(Buffer.from(memory.bytes(pointer, length)).toString("base64"))),
    base64_decode: (pointer: number, length: number) => guest.buffers.create(decode(memory.text(pointer, length))),
    get_url: (pointer: number, length: number) => {
      const { bytes } = guest.ask({ kind: "fetch", url: memory.text(pointer, length) });
      return guest.buffers.create(bytes ?? new Uint8Array());
    },
    get_time: (pointer: number, length: number) => {
      if (length !== 8) return ABSENT;
      memory.setU64(pointer, guest.now());
      return 8;
    },
    print_debug: (pointer: number, length: number) => {
      guest.log(memory.text(pointer, length));
      return length;
    },
    get_blob_tech_id_from_name: (pointer: number, length: number) =>
      guest.buffers.create(wish({ kind: "digest", name: memory.text(pointer, length) }).bytes ?? new Uint8Array()),
    get_blob_bytes_as_string: (pointer: number, length: number) =>
      guest.buffers.create(wish({ kind: "bytes", digest: memory.text(pointer, length) }).bytes ?? new Uint8Array()),
    call_function: (...given: number[]) => {
      const text = (at: number) => memory.text(given[at] ?? 0, given[at + 1] ?? 0);
      const count = (given[5] ?? 0) >>> 0;
      if (count > MOST_ARGUMENTS) throw new GuestError("TOO_LARGE", `it calls with ${count} arguments`);
      const { bytes, result = 0 } = wish({
        kind: "call",
        name: text(0),
        start: text(2),
        arguments: Array.from({ length: count }, (_, at) => memory.u32((given[4] ?? 0) + 4 * at) | 0),
        mode: text(6),
        input: found(given[8] ?? 0).bytes,
        file: text(10),
        argv: text(12),
      });
      guest.buffers.append(found(given[9] ?? 0), bytes ?? new Uint8Array());
      return result;
    },
    get_status: () => guest.buffers.create(wish({ kind: "status" }).bytes ?? new Uint8Array()),
    is_trace: () => 0,
  };
}

/** The bytes of text in base64, which Node would take whatever is in it. */
export function decode(text: string): Uint8Array {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new GuestError("HANDLER_FAILED", "what it decodes is not base64");
  return Buffer.from(text, "base64");
}
