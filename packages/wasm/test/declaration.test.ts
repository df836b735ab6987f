import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { service } from "@hadron/core";
import { compose } from "@hadron/core/spi";
import { wasm } from "@hadron/wasm";
import { afterAll, beforeAll, expect, test } from "vitest";
import makeWabt from "wabt";
import { at, bytesOf } from "./at.ts";

let folder: string;
let toBytes: (wat: string) => Uint8Array;

beforeAll(async () => {
  folder = await mkdtemp(join(import.meta.dirname, "made-"));
  const wabt = await makeWabt();
  toBytes = (wat) => {
    const module = wabt.parseWat("test.wat", wat, { memory64: true, threads: true, reference_types: true });
    return module.toBinary({}).buffer;
  };
});

afterAll(() => rm(folder, { recursive: true }));

/** Declares a module of these bytes. */
function declare(bytes: Uint8Array | string, options = {}) {
  const file = join(folder, `${Math.random()}.wasm`);
  writeFileSync(file, bytes);
  return wasm(relative(import.meta.dirname, file), options);
}

test.each([
  ["text", "hello, world", /begins with "hello, world"/],
  ["nothing", "", /it has 0 bytes/],
  ["a program for Linux", Uint8Array.of(127, 69, 76, 70, 2, 1, 1, 0), /ELF/],
  ["a packed file", Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0), /begins with the header of a gzip file/],
  ["something else", Uint8Array.of(0x1f, 0x8c, 8, 0, 0, 0, 0, 0), /begins with the bytes 31 140 8 0/],
  ["the first half of one", bytesOf("uppercase").subarray(0, 1500), /it ends before byte/],
  ["a component of nothing", Uint8Array.of(0, 97, 115, 109, 13, 0, 1, 0), /it exports no function/],
])("%s is no module, and says so", (_, bytes, message) => {
  expect(() => declare(bytes)).toThrow(
    expect.objectContaining({ code: "INVALID_DECLARATION", message: expect.stringMatching(message) }),
  );
});

test.each(["", "/etc/math.wasm", 7 as unknown as string])("%j is no path of a module", (file) => {
  expect(() => wasm(file)).toThrow(
    expect.objectContaining({
      code: "INVALID_DECLARATION",
      message: expect.stringContaining("the file should be a path relative to the app file"),
    }),
  );
});

test("code that is none is no module", () => {
  const bytes = bytesOf("math").slice();
  // The last byte of the code ends the last function.
  const end = bytes.lastIndexOf(0x0b);
  bytes[end] = 0xff;
  expect(() => declare(bytes, { start: "add" })).toThrow(/is no WebAssembly module/);
});

test.each([
  [
    "an import that is nowhere",
    '(module (import "other" "act" (func)) (func (export "run")))',
    /link a module of that name/,
  ],
  [
    "a function that the host has not",
    '(module (import "core" "fly" (func)) (func (export "run")))',
    /"core" has no such function/,
  ],
  [
    "other types than the host has",
    '(module (import "wasi_snapshot_preview1" "fd_close" (func (param i64) (result i32))) (func (export "run")))',
    /"wasi_snapshot_preview1.fd_close" should be \(i32\) → i32, and is \(i64\) → i32/,
  ],
  ["a global", '(module (import "env" "g" (global i32)) (func (export "run")))', /is a global/],
  ["memory of 64 bits", '(module (memory i64 1) (func (export "run")))', /64 bits/],
  ["memory that is shared", '(module (memory 1 2 shared) (func (export "run")))', /shared/],
  ["4 GiB", '(module (memory 65536) (func (export "run")))', /needs 4096 MiB.*raise memoryMiB/],
  ["ten million elements", '(module (table 10000000 funcref) (func (export "run")))', /table of 10000000 elements/],
  ["no function", "(module)", /exports no function: say which is called/],
  ["references", '(module (func (export "run") (param externref)))', /\(externref\) → nothing/],
])("a module that wants %s is refused", (_, wat, message) => {
  expect(() => declare(toBytes(wat))).toThrow(
    expect.objectContaining({ code: "INVALID_DECLARATION", message: expect.stringMatching(message) }),
  );
});

test("what is linked must fit", () => {
  const adder = wasm(at("math"), { start: "add" });
  const demo = wasm(at("api-demo"), { start: "twice" });
  const link = (modules: object) => wasm(at("interop"), { start: "process", link: modules as {} });
  expect(() => link({ adder })).toThrow(/"api-demo-c.twice" is nowhere: link a module/);
  expect(() => link({ adder: demo, "api-demo-c": demo })).toThrow(/linked as "adder" exports twice/);
  const other = declare(toBytes('(module (func (export "add") (param i32) (result i32) (local.get 0)))'));
  expect(() => link({ adder: other, "api-demo-c": demo })).toThrow(
    /"adder.add" should be \(i32\) → i32, and is \(i32, i32\) → i32/,
  );
  expect(() => link({ adder: "adder.wasm", "api-demo-c": demo })).toThrow(/link "adder" should be what wasm\(/);
});

test.each([
  [{ strat: "x" }, /knows no option "strat"/],
  [{ start: "none" }, /has no function "none": it exports .*_start/],
  [{ timeoutMs: 0 }, /timeoutMs is 0/],
  [{ memoryMiB: 5000 }, /memoryMiB is 5000/],
  [{ input: "xml" }, /input is "xml", and should be text, json, bytes/],
  [{ net: ["example.com"] }, /net: "example.com" should be host:port/],
  [{ net: ["example.com:99999"] }, /should be host:port/],
  [{ files: { data: "x" } }, /files: "data" should be where/],
  [{ files: { "/data": { folder: "x", writable: true } } }, /by its whole path/],
])("an option that is none is refused: %o", (options, message) => {
  expect(() => wasm(at("uppercase"), options as {})).toThrow(
    expect.objectContaining({ code: "INVALID_DECLARATION", message: expect.stringMatching(message) }),
  );
});

test("a file that is not there is told", () => {
  expect(() => wasm("./nothing.wasm")).toThrow(
    /wasm\("\.\/nothing\.wasm"\): .*nothing\.wasm cannot be read: ENOENT.*relative to the app file/,
  );
});

test("describe shows what it is, by its digest, and what it was granted", () => {
  const options = { net: ["127.0.0.1:8080"], memoryMiB: 16, timeoutMs: 2000, clock: true };
  const page = service("page", wasm(at("fetcher"), options));
  const [topology] = compose("app", [page]).topology.services;
  expect(topology?.pattern).toBe("wasm");
  expect(topology?.details).toEqual({
    "modules/fetcher.wasm": expect.stringMatching(
      /^sha256:[0-9a-f]{64}, 16 MiB, 2000 ms, net 127\.0\.0\.1:8080, clock$/,
    ),
  });
});

test("of a module that is linked its digest is shown: it has the grants of the one that calls it", () => {
  const link = {
    adder: wasm(at("math"), { start: "add", clock: true }),
    "api-demo-c": wasm(at("api-demo"), { start: "twice" }),
  };
  const [topology] = compose("app", [service("both", wasm(at("interop"), { start: "process", link }))]).topology
    .services;
  expect(topology?.details).toEqual({
    "modules/interop.wasm": expect.stringMatching(/, 64 MiB, 30000 ms$/),
    "modules/math.wasm": expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    "modules/api-demo.wasm": expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
  });
});
