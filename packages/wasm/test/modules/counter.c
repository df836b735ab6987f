// Counts how often each page was asked for: a guest of the second generation of the guest API.
#include <stdint.h>

#define FROM(module, name) __attribute__((import_module(module), import_name(name)))

FROM("core", "get_input_buffer_id") uint32_t input_buffer(void);
FROM("core", "get_output_buffer_id") uint32_t output_buffer(void);
FROM("core", "read_exchange_buffer") uint32_t read_buffer(uint32_t id, void *to, uint32_t length);
FROM("core", "write_exchange_buffer") uint32_t write_buffer(uint32_t id, const void *from, uint32_t length);
FROM("core", "persistence_get") uint32_t stored(const void *key, uint32_t length);
FROM("core", "persistence_set") uint32_t store(const void *key, uint32_t key_length, const void *value, uint32_t length);
FROM("core", "print_debug") uint32_t print(const void *text, uint32_t length);

static char page[256];
static uint32_t count;

__attribute__((export_name("count"))) uint32_t count_page(void) {
  uint32_t length = read_buffer(input_buffer(), page, sizeof page);
  if (length > sizeof page) return 1;
  uint32_t found = stored(page, length);
  if (read_buffer(found, &count, sizeof count) != sizeof count) count = 0;
  count++;
  store(page, length, &count, sizeof count);
  char digits[10];
  int at = sizeof digits;
  for (uint32_t rest = count; rest > 0; rest /= 10) digits[--at] = '0' + rest % 10;
  write_buffer(output_buffer(), digits + at, sizeof digits - at);
  print("counted", 7);
  return 0;
}
