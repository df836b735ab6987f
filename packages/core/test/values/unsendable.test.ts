import { expect, test } from "vitest";
import { encodeValue } from "../../src/transport/mux/values/codec.ts";
import { toJsonText } from "../../src/values/json-form.ts";

class Money {
  readonly #cents = 5;
  get cents() {
    return this.#cents;
  }
}

class Ticks implements IterableIterator<number> {
  at = 0;
  next() {
    return { done: false, value: this.at++ };
  }
  [Symbol.iterator]() {
    return this;
  }
}

const HOLLOW: readonly (readonly [string, () => unknown])[] = [
  ["a Map Iterator, an iterator", () => new Map([["a", 1]]).keys()],
  ["an Iterator Helper, an iterator", () => [1, 2].values().map((n) => n + 1)],
  ["a Generator, an iterator", () => (function* () {})()],
  ["a Ticks, an iterator", () => new Ticks()],
  ["a URLSearchParams", () => new URLSearchParams("a=1")],
  ["a Headers", () => new Headers({ a: "1" })],
  ["a FormData", () => new FormData()],
  ["a Blob", () => new Blob(["x"])],
  ["a File", () => new File(["x"], "x.txt")],
  ["a Request", () => new Request("http://localhost")],
  ["a Response", () => new Response("x")],
  ["an Intl.NumberFormat", () => new Intl.NumberFormat("de")],
  ["an Intl.Collator", () => new Intl.Collator()],
  ["a Number object", () => new Number(5)],
  ["a String object", () => new String("ab")],
  ["a Boolean object", () => new Boolean(false)],
  ["a BigInt object", () => Object(5n)],
  ["a Promise", () => Promise.resolve(1)],
  ["a WeakMap", () => new WeakMap()],
  ["an AbortSignal", () => new AbortController().signal],
  ["an Event", () => new Event("x")],
  ["a Money", () => new Money()],
  ["a proxy of a Map", () => new Proxy(new Map([["a", 1]]), {})],
  ["a URLSearchParams", () => new Proxy(new URLSearchParams("a=1"), {})],
  ["a Number object", () => new Proxy(new Number(5), {})],
  ["a proxy of a Date", () => new Proxy(new Date(), {})],
  ["a proxy of a Uint8Array", () => new Proxy(new Uint8Array([1]), {})],
];

test.each(HOLLOW)("%s is refused by its name and its place, inside and at the JSON edge", (name, make) => {
  const value = { list: [1, make()] };
  expect(() => encodeValue(value, "x")).toThrow(`input.list[1] is ${name}`);
  expect(() => toJsonText(value, "output")).toThrow(`output.list[1] is ${name}`);
});

class Point {
  x = 1;
}

test("what has fields, or is nothing but empty, is sent as before", () => {
  const whole = [
    new Point(),
    new Proxy(new Point(), {}),
    new (class Empty {})(),
    Object.create(null),
    {},
    new URL("http://a/"),
    Buffer.from("a"),
  ];
  expect(encodeValue(whole, "x").length).toBeGreaterThan(0);
  expect(JSON.parse(toJsonText(whole, "x"))).toEqual([{ x: 1 }, { x: 1 }, {}, {}, {}, "http://a/", "YQ=="]);
});
