import fc from "fast-check";
import { expect, test } from "vitest";
import { CallTable } from "../../../../src/transport/mux/link/call-table.ts";

test("a call table is a map, whatever ids the other side chooses", () => {
  const id = fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 0, max: 0xffffffff }));
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), id), { maxLength: 400 }), (steps) => {
      const table = new CallTable<{ id: number }>();
      const model = new Map<number, { id: number }>();
      for (const [put, id] of steps) {
        const entry = { id };
        if (put) {
          expect(table.put(entry)).toBe(!model.has(id));
          if (!model.has(id)) model.set(id, entry);
        } else {
          table.delete(id);
          model.delete(id);
        }
        expect(table.size).toBe(model.size);
        expect(table.get(id)).toBe(model.get(id));
      }
      for (const [id, entry] of model) expect(table.get(id)).toBe(entry);
      expect(new Set(table.clear())).toEqual(new Set(model.values()));
      expect(table.size).toBe(0);
    }),
  );
});

test("ids count up and are not used again while old calls stay", () => {
  const table = new CallTable<{ id: number }>();
  const old = { id: 0 };
  table.number(old);
  const seen = new Set([old.id]);
  for (let i = 0; i < 10_000; i++) {
    const entry = { id: 0 };
    table.number(entry);
    expect(seen.has(entry.id)).toBe(false);
    seen.add(entry.id);
    if (i % 100 !== 0) table.delete(entry.id);
  }
  expect(table.get(old.id)).toBe(old);
});
