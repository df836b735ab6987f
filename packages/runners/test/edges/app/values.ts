/** What has no form in which it could cross, however much it looks like an object. */
export const HOLLOW: Record<string, () => unknown> = {
  keys: () => new Map([["a", 1]]).keys(),
  helper: () => [1, 2].values().map((n) => n + 1),
  generator: () =>
    (function* () {
      yield 1;
    })(),
  params: () => new URLSearchParams("a=1"),
  headers: () => new Headers({ a: "1" }),
  form: () => new FormData(),
  blob: () => new Blob(["x"]),
  response: () => new Response("x"),
  number: () => new Number(5),
  format: () => new Intl.NumberFormat("en"),
  nested: () => ({ list: [new Request("http://x/")] }),
  proxy: () => new Proxy(new Headers(), {}),
};

/** What crosses as it is. */
export const WHOLE: Record<string, () => unknown> = {
  map: () => new Map([["a", 1]]),
  set: () => new Set([1]),
  bytes: () => new Uint8Array([1]),
  big: () => 5n,
  date: () => new Date(0),
  error: () => new RangeError("far"),
};

/** The same as JSON has it, where it leaves the app. */
export const WHOLE_AS_JSON = {
  map: [["a", 1]],
  set: [1],
  bytes: "AQ==",
  big: "5",
  date: "1970-01-01T00:00:00.000Z",
  error: { name: "RangeError", message: "far" },
};

function fails(): never {
  throw new Error("it throws itself");
}

/** What nobody should throw, and anybody may. */
export const HOSTILE: Record<string, () => unknown> = {
  nullPrototype: () => Object.create(null),
  message: () => Object.defineProperty(new Error("x"), "message", { get: fails }),
  proxy: () => new Proxy({}, { get: fails, getPrototypeOf: fails, has: fails, ownKeys: fails }),
};
