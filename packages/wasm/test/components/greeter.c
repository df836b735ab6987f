// A component of functions, by hand: what comes and goes is as the canonical ABI has it.
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
#define EXPORT(name) __attribute__((export_name(name)))

extern u8 __heap_base;
static u8 *next = &__heap_base;
static u32 called;

EXPORT("cabi_realloc") u8 *grow(u8 *old, u32 size, u32 align, u32 wanted) {
  u8 *at = (u8 *)(((u32)next + align - 1) & -align);
  next = at + wanted;
  u32 have = __builtin_wasm_memory_size(0) * 65536;
  if ((u32)next > have && __builtin_wasm_memory_grow(0, ((u32)next - have + 65535) / 65536) == -1ul) __builtin_trap();
  for (u32 n = 0; n < size && n < wanted; n++) at[n] = old[n];
  return at;
}

struct text { u8 *at; u32 length; };

static struct text *join(const char *before, u8 *text, u32 length) {
  u32 first = 0;
  while (before[first]) first++;
  u8 *all = grow(0, 0, 1, first + length);
  for (u32 n = 0; n < first; n++) all[n] = before[n];
  for (u32 n = 0; n < length; n++) all[first + n] = text[n];
  struct text *made = (struct text *)grow(0, 0, 4, sizeof *made);
  *made = (struct text){all, first + length};
  return made;
}

EXPORT("greet") struct text *greet(u8 *name, u32 length) {
  called++;
  return join("Hello, ", name, length);
}
EXPORT("add") u64 add(u64 a, u64 b) { return a + b; }
EXPORT("times-called") u32 times_called(void) { return ++called; }
EXPORT("eat-pages") int eat(u32 pages) { return __builtin_wasm_memory_grow(0, pages) == -1ul ? -1 : 1; }
EXPORT("spin") void spin(void) {
  for (volatile u32 n = 0;; n++) {}
}

struct quotient { u8 failed; union { double value; struct text why; }; };
EXPORT("divide") struct quotient *divide(int over, int under) {
  struct quotient *made = (struct quotient *)grow(0, 0, 8, sizeof *made);
  made->failed = under == 0;
  if (under == 0) made->why = *join("nothing goes into ", (u8 *)"it", 2);
  else made->value = (double)over / under;
  return made;
}

EXPORT("demo:greeter/text#shout") struct text *shout(u8 *text, u32 length) {
  for (u32 n = 0; n < length; n++) if (text[n] >= 'a' && text[n] <= 'z') text[n] -= 32;
  return join("", text, length);
}
