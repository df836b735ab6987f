import { types } from "node:util";

const TypedArray = Object.getPrototypeOf(Uint8Array) as new () => object;

/**
 * Whether an instance of a class has no content that could be sent. A promise is a forgotten `await` most of the time; a
 * stream goes alone; an iterator, a URLSearchParams, an Intl object hold their content inside, where none of it is a field.
 */
export function isOpaque(value: object): boolean {
  const { then, next } = value as { then?: unknown; next?: unknown };
  return (
    Symbol.asyncIterator in value ||
    typeof then === "function" ||
    (typeof next === "function" && Symbol.iterator in value) ||
    isBoxed(value) ||
    // One that is an array to the engine has been sent before: this is a proxy of one.
    value instanceof TypedArray ||
    isPlatformObject(value) ||
    (Object.keys(value).length === 0 && hidesContent(value))
  );
}

/** What keeps this part of a value from being sent, and what to do, e.g. `is a symbol; send a string`. Looks at nothing below it. */
export function whyUnsendable(value: unknown): string | undefined {
  if (typeof value === "function") return "is a function; send data, and call a service for behaviour";
  if (typeof value === "symbol") return "is a symbol; send a string";
  if (typeof value !== "object" || value === null) return undefined;
  if (Symbol.asyncIterator in value)
    return "is a stream; a stream is an input or an output by itself, not a part of one";
  if (value instanceof Error) return undefined;
  const name = nameOf(value);
  // What a proxy of one holds cannot be read through it.
  if (isCarried(value)) return types.isProxy(value) ? `is a proxy of ${name}; send what it stands for` : undefined;
  if (isPlain(value) || !isOpaque(value)) return undefined;
  if ("then" in value && typeof value.then === "function") return `is ${name}; await it first`;
  if ("next" in value && typeof value.next === "function") {
    return `is ${name}, an iterator; send an array, [...it], or write an async function* to send item by item`;
  }
  if (isBoxed(value)) return `is ${name} object; send the value in it, it.valueOf()`;
  if ("arrayBuffer" in value) return `is ${name}; send its bytes, new Uint8Array(await it.arrayBuffer())`;
  if (Symbol.iterator in value) return `is ${name}; send what it holds, [...it] or Object.fromEntries(it)`;
  return `is ${name}, which has no fields that could be sent; send a plain object, or give it a toJSON()`;
}

/** A promise, a Map, an Intl.NumberFormat: with its article. */
function nameOf(value: object): string {
  const tag = tagOf(value);
  const name = tag === "Object" ? constructorOf(value) : tag;
  return `${/^[aeiou]/i.test(name) && !/^U(?!n)/.test(name) ? "an" : "a"} ${name}`;
}

function constructorOf(value: object): string {
  const { constructor: made } = value as { constructor?: { name?: unknown } };
  return typeof made?.name === "string" && made.name !== "" ? made.name : "class instance";
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || Array.isArray(value);
}

/** What the encoding has a form of its own for. */
function isCarried(value: object): boolean {
  return (
    value instanceof Date ||
    value instanceof Map ||
    value instanceof Set ||
    value instanceof RegExp ||
    value instanceof ArrayBuffer ||
    value instanceof SharedArrayBuffer ||
    value instanceof DataView ||
    value instanceof TypedArray
  );
}

function isBoxed(value: object): boolean {
  // Of the first three a proxy does not show what it is; the others have a tag.
  return (
    value instanceof Number ||
    value instanceof String ||
    value instanceof Boolean ||
    value instanceof BigInt ||
    value instanceof Symbol
  );
}

/** Of a class of the platform, such as Event: what it shows as fields is not what it is. */
function isPlatformObject(value: object): boolean {
  const tag = tagOf(value);
  if (tag === "Object" || tag === "Error") return false;
  const platform = (globalThis as Record<string, unknown>)[tag];
  return typeof platform === "function" && value instanceof platform;
}

/** Whether there is more to an object without fields than nothing: it calls itself something, or shows its content by getters. */
function hidesContent(value: object): boolean {
  if (tagOf(value) !== "Object") return true;
  for (let at = Object.getPrototypeOf(value); at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    if (Object.values(Object.getOwnPropertyDescriptors(at)).some(({ get }) => get !== undefined)) return true;
  }
  return false;
}

function tagOf(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}
