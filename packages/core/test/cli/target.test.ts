import { describe, expect, test } from "vitest";
import { readInput } from "../../src/cli/command/input.ts";
import { findTarget, unknownService } from "../../src/cli/command/target.ts";
import { image, service } from "../../src/index.ts";
import { compose } from "../../src/spi.ts";

const counters = service("counters", { add: (n: number) => n, get: () => 0 }, { expose: true });
const hello = service("hello", (name: string) => name);
const cache = service("cache", image("redis:7", { port: 6379 }));
const { services } = compose("sample", [counters, hello, cache]).topology;
const find = (...words: string[]) => findTarget(words, services);
const wrong = (message: string) =>
  expect.objectContaining({ code: "WRONG_USE", message: expect.stringContaining(message) });

describe("the words of a call", () => {
  test.each([
    [["hello"], { service: "hello", procedure: "hello", input: undefined }],
    [["hello", '"Ann"'], { service: "hello", procedure: "hello", input: '"Ann"' }],
    [["hello", "hello"], { service: "hello", procedure: "hello", input: undefined }],
    [["hello", "hello", "1"], { service: "hello", procedure: "hello", input: "1" }],
    [["hello", "-"], { service: "hello", procedure: "hello", input: "-" }],
    [["hello", "not json"], { service: "hello", procedure: "hello", input: "not json" }],
    [["counters", "add", "5"], { service: "counters", procedure: "add", input: "5" }],
    [["counters", "hadron.health"], { service: "counters", procedure: "hadron.health", input: undefined }],
    [["hadron.health"], { service: "counters", procedure: "hadron.health", input: undefined }],
    [["add", "5"], { service: "counters", procedure: "add", input: "5" }],
  ])("%j are %j", (words, target) => {
    expect(find(...words)).toEqual(target);
  });

  test.each([
    [["helo"], 'There is no service "helo". Did you mean "hello"?'],
    [["counters"], 'Which procedure? "counters" has the procedures add, get.'],
    [[], 'Which procedure? "counters" has'],
    [["counters", "ad"], 'There is no procedure "ad". Did you mean "add"?'],
    [["counters", "ad", "5"], 'There is no procedure "ad". Did you mean "add"?'],
    [["counters", "5"], "Which procedure is to have that input?"],
    [["hello", "[1,", "2]"], 'There is no procedure "[1,"'],
    [["hello", "hello", "1", "2"], 'A call takes one INPUT; "2" is too much'],
    [["cache"], "it is an image"],
    [["cache", "hadron.health"], "it is an image"],
  ])("%j are refused: %s", (words, message) => {
    expect(() => find(...words)).toThrow(wrong(message));
  });

  test("a service can be left out only where one stands out", () => {
    const two = compose("sample", [hello, service("other", () => 1)]).topology.services;
    expect(() => findTarget([], two)).toThrow(wrong("Which service? There are hello, other."));
    expect(findTarget([], compose("sample", [hello]).topology.services).service).toBe("hello");
  });
});

describe("INPUT", () => {
  const stdin = async function* (...chunks: (string | Uint8Array)[]) {
    yield* chunks;
  };

  test("is JSON, from the word or from stdin", async () => {
    expect(await readInput(undefined, stdin())).toBeUndefined();
    expect(await readInput('{"a":[1]}', stdin())).toEqual({ a: [1] });
    const bytes = new TextEncoder().encode('"ä"');
    expect(await readInput("-", stdin(bytes.slice(0, 2), bytes.slice(2)))).toBe("ä");
    expect(await readInput("-", stdin("\uFEFF[1]"))).toEqual([1]);
  });

  test("on stdin may be far larger than a command line", async () => {
    const text = "x".repeat(1024 * 1024);
    const input = await readInput("-", stdin('["', ...Array.from({ length: 20 }, () => text), '"]'));
    expect((input as string[])[0]).toHaveLength(20 * 1024 * 1024);
  });

  test("that is no JSON is refused, and shows where", async () => {
    await expect(readInput("{a: 1}", stdin())).rejects.toThrow(wrong("at line 1, column 2"));
    await expect(readInput('{\n  "a": 1,\n}', stdin())).rejects.toThrow(wrong("at line 3, column 1"));
    await expect(readInput('{"a": 1}}', stdin())).rejects.toThrow(wrong('{"a": 1}⟶}.'));
    const long = JSON.stringify({ name: "a".repeat(50) });
    await expect(readInput(`${long}}${long}`, stdin())).rejects.toThrow(
      wrong(`: …${long.slice(-30)}⟶}${long.slice(0, 19)}….`),
    );
    await expect(readInput("Ann", stdin())).rejects.toThrow(
      wrong(`A string needs quotes, for JSON and for the shell: '"Ann"'.`),
    );
    await expect(readInput("-", stdin(""))).rejects.toThrow(
      wrong("The input on stdin is not JSON: Unexpected end of JSON input"),
    );
  });
});

test("a procedure that was typed as in code is told as two words", () => {
  const shop = { name: "shop", procedures: ["buy"] };
  expect(unknownService("shop.buy", [shop]).message).toContain('Did you mean "shop buy"?');
  expect(unknownService("shop.sell", [shop]).message).not.toContain("two words");
});
