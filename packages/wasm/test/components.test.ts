import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { service } from "@hadron/core";
import type { WebAnswer } from "@hadron/core/spi";
import { start } from "@hadron/core/testing";
import { type HttpComponent, wasm } from "@hadron/wasm";
import { expect, test } from "vitest";

const at = (name: string) => `./components/${name}.component.wasm`;
const greeter = <A extends (input: any) => unknown>(start: string, options = {}) =>
  wasm<A>(at("greeter"), { start, ...options });

test("a component that is a program reads its input, and writes its output", async () => {
  const upper = service("upper", wasm(at("uppercase")));
  await using _ = await start(upper);
  expect(await upper("grüße")).toBe("GRüßE");
  expect(await upper("x".repeat(200_000))).toBe("X".repeat(200_000));
});

test("its functions are called with values, of its own types, and give values", async () => {
  const greet = service("greet", greeter<(name: string) => string>("greet"));
  const add = service("add", greeter<(of: readonly [bigint, bigint]) => bigint>("add"));
  const divide = service("divide", greeter<(of: { over: number; under: number }) => number>("divide"));
  const shout = service("shout", greeter<(text: string) => string>("text.shout"));
  await using _ = await start(greet, add, divide, shout);
  expect(await greet("Ann")).toBe("Hello, Ann");
  expect(await add([2n ** 40n, 2n])).toBe(2n ** 40n + 2n);
  expect(await divide({ over: 1, under: 4 })).toBe(0.25);
  expect(await shout("quiet")).toBe("QUIET");
  await expect(divide({ over: 1, under: 0 })).rejects.toMatchObject({
    code: "HANDLER_FAILED",
    message: expect.stringMatching(/it failed with nothing goes into it/),
  });
  await expect(add([1n] as never)).rejects.toMatchObject({
    code: "INVALID_INPUT",
    message: expect.stringMatching(/takes a list of 2 values, and was given a list of 1/),
  });
  await expect(greet(7 as never)).rejects.toMatchObject({ code: "INVALID_INPUT" });
});

test("each call has an instance of its own, unless it is said otherwise", async () => {
  const count = service("count", greeter<() => number>("times-called", { threads: 1 }));
  const kept = service("kept", greeter<() => number>("times-called", { threads: 1, reuse: true }));
  await using _ = await start(count, kept);
  expect([await count(), await count()]).toEqual([1, 1]);
  expect([await kept(), await kept()]).toEqual([1, 2]);
});

test("a component is held to its limits", async () => {
  const spin = service("spin", greeter<() => void>("spin", { timeoutMs: 50, threads: 1 }));
  const eat = service("eat", greeter<(pages: number) => number>("eat-pages", { memoryMiB: 2 }));
  const flood = service("flood", wasm(at("probe"), { args: ["flood"], outputBytes: 100_000 }));
  await using _ = await start(spin, eat, flood);
  for (let n = 0; n < 2; n++) await expect(spin()).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  expect(await eat(20)).toBe(1);
  expect(await eat(32)).toBe(-1);
  await expect(flood()).rejects.toMatchObject({ code: "TOO_LARGE" });
});

test("a component finds what it was granted, and nothing else", async () => {
  const folder = mkdtempSync(join(tmpdir(), "hadron component "));
  await using _ = { [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true }) };
  writeFileSync(join(folder, "a.txt"), "first\nsecond\n");
  const files = { "/data": { folder, writable: true } };
  const probe = (name: string, args: readonly string[], options = {}) =>
    service(name, wasm(at("probe"), { args, ...options }));
  const all = [
    probe("cat", ["cat", "/data/a.txt"], { files }),
    probe("write", ["write", "/data/new.txt", "one"], { files }),
    probe("out", ["cat", "/data/../../etc/passwd"], { files }),
    probe("link", ["symlink", "/etc/passwd", "/data/link"], { files }),
    probe("none", ["cat", "/etc/passwd"]),
    probe("sleep", ["sleep", "60000"], { timeoutMs: 50 }),
  ] as const;
  const [cat, write, out, link, none, sleep] = all;
  await using __ = await start(...all);
  expect(await cat()).toBe("first\nsecond\n");
  await write();
  expect(readFileSync(join(folder, "new.txt"), "utf8")).toBe("one");
  for (const refused of [out, link, none]) {
    await expect(refused()).rejects.toMatchObject({
      code: "HANDLER_FAILED",
      message: expect.stringMatching(/exit status/),
    });
  }
  await expect(sleep()).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
});

test("a component of wasi:http answers requests", async () => {
  const page = service("page", wasm<HttpComponent>(at("page")));
  await using app = await start(page);
  const ask = async (url: string) =>
    (await app.client(page).fetch({ method: "GET", url, headers: ["host", "here"] })) as WebAnswer;
  const answer = await ask("/some/where?q=1");
  expect(answer).toMatchObject({ status: 200, headers: ["content-type", "text/plain"] });
  expect(Buffer.from(answer.body ?? "").toString()).toBe("You asked for /some/where?q=1");
  expect((await ask("/x")).status).toBe(404);
});

test("what cannot be a component's is refused with the reason", () => {
  expect(() => greeter("nothing")).toThrow(
    /it has no function "nothing": it exports text.shout, add, divide, eatPages, greet/,
  );
  expect(() => wasm(at("greeter"))).toThrow(/say which is called, with start/);
  expect(() => wasm(at("probe"), { memoryMiB: 1, reuse: true })).toThrow(/reuse calls one instance again/);
  expect(() => wasm("./modules/interop.wasm", { link: { "api-demo-c": wasm(at("uppercase")) } })).toThrow(
    /is a component/,
  );
});

test("where there is no jco, and nothing that it made, it is said how to install it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "hadron component "));
  await using _ = { [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true }) };
  const path = join(folder, "app.wasm");
  cpSync(join(import.meta.dirname, at("uppercase")), path);
  const file = relative(import.meta.dirname, path);
  expect(() => wasm(file)).toThrow(/is a component, .*: npm install --save-dev @bytecodealliance\/jco-transpile$/);
  // What was made of it before is all that is needed.
  wasm(at("uppercase"));
  cpSync(join(import.meta.dirname, at("uppercase").replace(/\.wasm$/, ".jco")), join(folder, "app.jco"), {
    recursive: true,
  });
  const upper = service("upper", wasm(file));
  await using __ = await start(upper);
  expect(await upper("a")).toBe("A");
  cpSync(join(import.meta.dirname, at("page")), path);
  expect(() => wasm(file)).toThrow(/npm install/);
});

test("what is no component, though it begins as one, is refused when it is declared", async () => {
  const folder = join(import.meta.dirname, `.tmp-${process.pid}`);
  mkdirSync(folder);
  await using _ = { [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true }) };
  writeFileSync(join(folder, "broken.wasm"), Uint8Array.of(0, 0x61, 0x73, 0x6d, 13, 0, 1, 0, 99, 1, 0));
  expect(() => wasm(relative(import.meta.dirname, join(folder, "broken.wasm")))).toThrow(/jco makes nothing of it/);
});
