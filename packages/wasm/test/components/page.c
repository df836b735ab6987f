// A component that answers requests: of wasi:http what page.wit says, by hand.
typedef unsigned char u8;
typedef unsigned int u32;
#define EXPORT(name) __attribute__((export_name(name)))
#define HTTP(name) __attribute__((import_module("wasi:http/types@0.2.0"), import_name(name)))
#define IO(name) __attribute__((import_module("wasi:io/streams@0.2.0"), import_name(name)))

HTTP("[constructor]fields") u32 new_fields(void);
HTTP("[method]fields.append") void append(u32 fields, const char *name, u32 name_length, const char *value, u32 length, u32 *result);
HTTP("[method]incoming-request.path-with-query") void path_of(u32 request, u32 *result);
HTTP("[constructor]outgoing-response") u32 new_response(u32 fields);
HTTP("[method]outgoing-response.set-status-code") u32 set_status(u32 response, u32 status);
HTTP("[method]outgoing-response.body") void body_of(u32 response, u32 *result);
HTTP("[static]response-outparam.set") void answer(u32 out, u32 failed, u32 response, u32 has_why, u32 why, u32 length);
HTTP("[method]outgoing-body.write") void stream_of(u32 body, u32 *result);
HTTP("[static]outgoing-body.finish") void finish(u32 body, u32 has_trailers, u32 trailers, u32 *result);
IO("[method]output-stream.blocking-write-and-flush") void write(u32 stream, const u8 *bytes, u32 length, u32 *result);
IO("[resource-drop]output-stream") void drop_stream(u32 stream);

extern u8 __heap_base;
static u8 *next = &__heap_base;

EXPORT("cabi_realloc") u8 *grow(u8 *old, u32 size, u32 align, u32 wanted) {
  u8 *at = (u8 *)(((u32)next + align - 1) & -align);
  next = at + wanted;
  if ((u32)next > __builtin_wasm_memory_size(0) * 65536) __builtin_trap();
  for (u32 n = 0; n < size && n < wanted; n++) at[n] = old[n];
  return at;
}

EXPORT("wasi:http/incoming-handler@0.2.0#handle") void handle(u32 request, u32 out) {
  u32 result[8];
  u32 path[3];
  path_of(request, path);
  u32 fields = new_fields();
  append(fields, "Content-Type", 12, "text/plain", 10, result);
  u32 response = new_response(fields);
  int is_missing = path[2] > 1 && ((u8 *)path[1])[1] == 'x';
  set_status(response, is_missing ? 404 : 200);
  body_of(response, result);
  u32 body = result[1];
  answer(out, 0, response, 0, 0, 0);
  stream_of(body, result);
  u32 stream = result[1];
  write(stream, (const u8 *)"You asked for ", 14, result);
  write(stream, (const u8 *)path[1], path[2], result);
  drop_stream(stream);
  finish(body, 0, 0, result);
}
