import type { GuestFunction } from "../guest/function.ts";
import { decode } from "./core.ts";
import { packMap } from "./exchange.ts";
import type { BufferGuest } from "./guest.ts";

/** What is returned where something fails. */
const FAILED = 0xffff;

/** The first generation of the guest API, `my-own-cluster`. */
export function firstFunctions(guest: BufferGuest): Record<string, GuestFunction> {
  const { memory } = guest;
  return {
    test: () => 0,
    print_debug: (pointer: number, length: number) => {
      guest.log(memory.text(pointer, length));
      return length;
    },
    register_buffer: (pointer: number, length: number) => guest.buffers.create(memory.copy(pointer, length)),
    get_buffer_size: (id: number) => guest.buffers.find(id)?.bytes.length ?? FAILED,
    get_buffer: (id: number, pointer: number, length: number) => {
      const bytes = guest.buffers.find(id)?.bytes;
      if (bytes === undefined) return FAILED;
      if (bytes.length !== length >>> 0) return 0;
      memory.write(pointer, bytes);
      return length;
    },
    write_buffer: (id: number, pointer: number, length: number) => {
      const buffer = guest.buffers.find(id);
      if (buffer === undefined) return FAILED;
      guest.buffers.append(buffer, memory.copy(pointer, length));
      return length;
    },
    write_buffer_header: (id: number, name: number, nameLength: number, value: number, length: number) => {
      const buffer = guest.buffers.find(id);
      if (buffer === undefined) return FAILED;
      buffer.headers.set(memory.text(name, nameLength).toLowerCase(), memory.text(value, length));
      return 1;
    },
    get_buffer_headers: (id: number) => {
      const buffer = guest.buffers.find(id);
      return buffer === undefined ? FAILED : guest.buffers.create(packMap(buffer.headers));
    },
    free_buffer: (id: number) => (guest.buffers.free(id) ? 0 : FAILED),
    get_input_buffer_id: () => guest.buffers.input,
    get_output_buffer_id: () => guest.buffers.output,
    get_url: (pointer: number, length: number) => {
      const { bytes } = guest.ask({ kind: "fetch", url: memory.text(pointer, length) });
      return bytes === undefined ? FAILED : guest.buffers.create(bytes);
    },
    get_time: (pointer: number) => {
      memory.setU64(pointer, guest.now());
      return 0;
    },
    base64_decode: (pointer: number, length: number) => guest.buffers.create(decode(memory.text(pointer, length))),
    plug_file: (...given: number[]) => {
      const text = (at: number) => memory.text(given[at] ?? 0, given[at + 1] ?? 0);
      const bytes = memory.copy(given[6] ?? 0, given[7] ?? 0);
      guest.ask({ kind: "admin", wish: { kind: "file", method: text(0), path: text(2), contentType: text(4), bytes } });
      return 0;
    },
    persistence_set: (key: number, keyLength: number, value: number, length: number) => {
      guest.ask({ kind: "kv.set", key: memory.text(key, keyLength), value: memory.copy(value, length) });
      return 0;
    },
    persistence_get: (key: number, length: number) => {
      const { bytes } = guest.ask({ kind: "kv.get", key: memory.text(key, length) });
      return bytes === undefined ? FAILED : guest.buffers.create(bytes);
    },
    persistence_get_subset: (prefix: number, length: number) => {
      const { entries = [] } = guest.ask({ kind: "kv.list", prefix: memory.text(prefix, length) });
      return guest.buffers.create(packMap(entries));
    },
  };
}
