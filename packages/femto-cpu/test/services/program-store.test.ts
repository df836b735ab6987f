import { describe, expect, test } from "vitest";
import { ProgramStore } from "../../src/services/program-store.ts";

function createStore(options: { maxPrograms?: number } = {}) {
  const clock = { now: 0 };
  const store = new ProgramStore({
    name: "memory.0",
    prefix: "0-aa",
    maxPrograms: options.maxPrograms ?? 10,
    idleMs: 1000,
    now: () => clock.now,
  });
  return { store, clock };
}

test("a program is its bytes and zeros behind them", () => {
  const { store } = createStore();
  const id = store.allocate([1, 2, 3]);
  expect(store.read(id)).toEqual([1, 2, 3, ...new Array(253).fill(0)]);
});

test("a byte may be all that a byte can be, and a program all of the memory", () => {
  const { store } = createStore();
  expect(store.read(store.allocate([0, 255])).slice(0, 2)).toEqual([0, 255]);
  const full = Array<number>(256).fill(255);
  expect(store.read(store.allocate(full))).toEqual(full);
});

test.each([[[256]], [[-1]], [[1.5]], [new Array(257).fill(0)]])("%j is refused as a program", (bytes) => {
  expect(() => createStore().store.allocate(bytes)).toThrow(/at most 256 bytes/);
});

describe("a step that is taken again", () => {
  test("stores nothing more", () => {
    const { store } = createStore();
    const id = store.allocate([5]);
    store.store(id, 3, [0, 9]);
    store.store(id, 3, [0, 77, 1, 77]);
    expect(store.read(id).slice(0, 2)).toEqual([9, 0]);
  });

  test("is refused once a later one has stored, so that one taken for dead changes nothing", () => {
    const { store } = createStore();
    const id = store.allocate([5]);
    store.store(id, 3, [0, 9]);
    expect(() => store.store(id, 2, [0, 1])).toThrow(expect.objectContaining({ code: "ABORTED" }));
    expect(() => store.store(id, 2, [0, 1])).toThrow(/Step 2 of program 0-aa-1 is over/);
    expect(store.read(id)[0]).toBe(9);
  });
});

test("two programs do not meet", () => {
  const { store } = createStore();
  const [a, b] = [store.allocate([1]), store.allocate([2])];
  store.store(a, 1, [0, 7]);
  expect([store.read(a)[0], store.read(b)[0]]).toEqual([7, 2]);
});

test("one program too many is refused until there is room", () => {
  const { store } = createStore({ maxPrograms: 2 });
  const first = store.allocate([]);
  store.allocate([]);
  expect(() => store.allocate([])).toThrow(expect.objectContaining({ code: "OVERLOADED", retryable: true }));
  expect(store.free(first)).toBe(true);
  expect(store.free(first)).toBe(false);
  expect(store.allocate([])).toBe("0-aa-3");
});

test("a program that nobody touches is given up; one that is touched is not", () => {
  const { store, clock } = createStore();
  const [idle, busy] = [store.allocate([]), store.allocate([])];
  clock.now = 900;
  store.read(busy);
  clock.now = 1100;
  expect(store.size).toBe(1);
  expect(() => store.read(idle)).toThrow(/no longer has the program 0-aa-1: it was freed, or not touched for 1000 ms/);
  expect(store.read(busy).length).toBe(256);
});

test("a program of an earlier life of the memory is told apart from one that was freed", () => {
  const { store } = createStore();
  const id = store.allocate([]);
  store.free(id);
  expect(() => store.read(id)).toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
  expect(() => store.read("0-bb-1")).toThrow(
    expect.objectContaining({
      code: "ABORTED",
      message: expect.stringContaining("memory.0 died, and the bytes of program 0-bb-1 with it"),
    }),
  );
});
