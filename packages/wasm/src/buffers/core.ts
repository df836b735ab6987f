import { GuestError } from "../guest/error.ts";
import type { GuestFunction } from "../guest/function.ts";
import { packMap } from "./exchange.ts";
import type { BufferGuest } from "./guest.ts";

/** What is returned where something is not there. */
const ABSENT = 0xffff;

/** The second generation of the guest API, `core`: buffers are handles, and handles are all that is returned. */
export function coreFunctions(guest: BufferGuest): Record<string, GuestFunction> {
  const { memory, buffers } = guest;
  const found = (id: number) => {
    const buffer = buffers.find(id);
    if (buffer === undefined) throw new GuestError("HANDLER_FAILED", `it uses a buffer ${id} that it does not have`);
    return buffer;
  };
  const refuse = (what: string) => () => {
    throw new GuestError("PERMISSION_DENIED", `it may not ${what}: that is granted by a platform alone`);
  };
  return {
    get_input_buffer_id: () => buffers.input,
    get_output_buffer_id: () => buffers.output,
    create_exchange_buffer: () => buffers.create(new Uint8Array()),
    write_exchange_buffer: (id: number, pointer: number, length: number) => {
      buffers.append(found(id), memory.copy(pointer, length));
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
    read_exchange_buffer_headers: (id: number) => buffers.create(packMap(found(id).headers)),
    free_buffer: (id: number) => (buffers.free(id) ? 1 : ABSENT),
    persistence_set: (key: number, keyLength: number, value: number, length: number) => {
      guest.ask({ kind: "kv.set", key: memory.text(key, keyLength), value: memory.copy(value, length) });
      return 1;
    },
    persistence_get: (key: number, length: number) => {
      const { bytes } = guest.ask({ kind: "kv.get", key: memory.text(key, length) });
      return buffers.create(bytes ?? new Uint8Array());
    },
    persistence_get_subset: (prefix: number, length: number) => {
      const { entries = [] } = guest.ask({ kind: "kv.list", prefix: memory.text(prefix, length) });
      return buffers.create(packMap(entries));
    },
    base64_encode: (pointer: number, length: number) =>
      buffers.create(Buffer.from(Buffer.from(memory.bytes(pointer, length)).toString("base64"))),
    base64_decode: (pointer: number, length: number) => buffers.create(decode(memory.text(pointer, length))),
    get_url: (pointer: number, length: number) => {
      const { bytes } = guest.ask({ kind: "fetch", url: memory.text(pointer, length) });
      return buffers.create(bytes ?? new Uint8Array());
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
    get_blob_tech_id_from_name: refuse("look for modules"),
    get_blob_bytes_as_string: refuse("read modules"),
    call_function: refuse("call modules by name"),
    get_status: refuse("ask how the platform does"),
    is_trace: () => 0,
  };
}

/** The bytes of text in base64, which Node would take whatever is in it. */
export function decode(text: string): Uint8Array {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new GuestError("HANDLER_FAILED", "what it decodes is not base64");
  return Buffer.from(text, "base64");
}
