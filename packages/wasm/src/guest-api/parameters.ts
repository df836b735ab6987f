import type { KnownModule } from "../module/known.ts";

/** The modules that a guest's own language has to be told of; WASI comes with its library. */
export type GuestModule = Extract<KnownModule, "core" | "my-own-cluster">;

/** What a function does, and its parameters by name, for people. Its types are those that the host links by. */
interface Documented {
  readonly parameters: string;
  readonly does: string;
}

const doc = (parameters: string, does: string): Documented => ({ parameters, does });

/** The guest API, function by function: the second generation, then the first. */
export const DOCUMENTED: Readonly<Record<GuestModule, Readonly<Record<string, Documented>>>> = {
  core: {
    get_input_buffer_id: doc("", "the buffer that holds the call's input"),
    get_output_buffer_id: doc("", "the buffer whose bytes, status and headers are the call's output"),
    create_exchange_buffer: doc("", "an empty buffer"),
    write_exchange_buffer: doc("id data length", "appends bytes; their length"),
    write_exchange_buffer_header: doc("id name name_length value value_length", "sets a header"),
    write_exchange_buffer_status_code: doc("id status", "sets the status of an HTTP answer"),
    read_exchange_buffer: doc(
      "id data length",
      "its size; copies it only where there is room for all, so that a length of 0 asks",
    ),
    read_exchange_buffer_headers: doc("id", "a buffer with its headers as a packed map"),
    free_buffer: doc("id", "lets it go"),
    persistence_set: doc("key key_length value value_length", "keeps a value"),
    persistence_get: doc("key key_length", "a buffer with the value; an empty one where there is none"),
    persistence_get_subset: doc("prefix prefix_length", "a buffer with all whose keys begin so, as a packed map"),
    get_blob_tech_id_from_name: doc("name name_length", "a buffer with a module's digest; a platform's guests alone"),
    get_blob_bytes_as_string: doc("name name_length", "a buffer with a module's bytes; a platform's guests alone"),
    base64_encode: doc("data length", "a buffer with the text"),
    base64_decode: doc("text length", "a buffer with the bytes"),
    get_url: doc("url url_length", "a buffer with what a GET of it gives, within what was granted"),
    get_time: doc("destination length", "writes the time in nanoseconds since 1970, 8 bytes; length is 8"),
    print_debug: doc("text length", "writes a line to the log; the length"),
    call_function: doc(
      "name name_length start start_length arguments count mode mode_length input output file file_length argv argv_length",
      "calls a module by name; a platform's guests alone",
    ),
    get_status: doc("", "a buffer with how the platform does; a platform's guests alone"),
    is_trace: doc("", "whether calls are traced"),
  },
  "my-own-cluster": {
    test: doc("", "a number, to see that the host is there"),
    print_debug: doc("text length", "writes a line to the log; the length"),
    register_buffer: doc("data length", "a buffer with these bytes"),
    get_buffer_size: doc("id", "its size"),
    get_buffer: doc("id data length", "copies it; length must be its size, or 0 is returned"),
    write_buffer: doc("id data length", "appends bytes"),
    write_buffer_header: doc("id name name_length value value_length", "sets a header; 1"),
    get_buffer_headers: doc("id", "a buffer with its headers as a packed map"),
    free_buffer: doc("id", "lets it go"),
    get_input_buffer_id: doc("", "the buffer that holds the call's input"),
    get_output_buffer_id: doc("", "the buffer whose bytes are the call's output"),
    get_url: doc("url url_length", "a buffer with what a GET of it gives, within what was granted"),
    get_time: doc("destination", "writes the time in nanoseconds since 1970, 8 bytes"),
    base64_decode: doc("text length", "a buffer with the bytes"),
    plug_file: doc(
      "method method_length path path_length type type_length bytes bytes_length",
      "serves a file at a path; a platform's guests alone",
    ),
    persistence_set: doc("key key_length value value_length", "keeps a value"),
    persistence_get: doc("key key_length", "a buffer with the value"),
    persistence_get_subset: doc("prefix prefix_length", "a buffer with all whose keys begin so, as a packed map"),
  },
};
