// Writes what is at the address that it reads: a guest of the first generation of the guest API.
#include <stdint.h>

#define FROM(name) __attribute__((import_module("my-own-cluster"), import_name(name)))

FROM("get_input_buffer_id") uint32_t input_buffer(void);
FROM("get_output_buffer_id") uint32_t output_buffer(void);
FROM("get_buffer_size") uint32_t size(uint32_t id);
FROM("get_buffer") uint32_t get(uint32_t id, void *to, uint32_t length);
FROM("write_buffer") uint32_t put(uint32_t id, const void *from, uint32_t length);
FROM("get_url") uint32_t get_url(const void *address, uint32_t length);

static char text[65536];

__attribute__((export_name("_start"))) void start(void) {
  uint32_t length = size(input_buffer());
  if (length > sizeof text || get(input_buffer(), text, length) != length) return;
  uint32_t page = get_url(text, length);
  length = size(page);
  if (length <= sizeof text && get(page, text, length) == length) put(output_buffer(), text, length);
}
