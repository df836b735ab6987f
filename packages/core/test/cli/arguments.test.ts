import { describe, expect, test } from "vitest";
import { type Flag, parseArguments, peekFlag } from "../../src/cli/command/arguments.ts";

const flags: readonly Flag[] = [
  { name: "app", value: "NAME", help: "" },
  { name: "timeout", value: "TIME", help: "" },
  { name: "json", help: "" },
  { name: "follow", short: "f", help: "" },
];

const parse = (...argv: string[]) => parseArguments(argv, flags);

describe("a command line", () => {
  test.each([
    [["--app=007"], [], { app: "007" }],
    [["--app", "007", "1e3"], ["1e3"], { app: "007" }],
    [["--json", "call", "x"], ["call", "x"], { json: "" }],
    [["call", "--json", "true"], ["call", "true"], { json: "" }],
    [["call", "--json", "false"], ["call", "false"], { json: "" }],
    [["--app", "true"], [], { app: "true" }],
    [["0x10", "00", "1.0"], ["0x10", "00", "1.0"], {}],
    [["logs", "-f", "hello"], ["logs", "hello"], { follow: "" }],
    [["call", "-5"], ["call", "-5"], {}],
    [["call", "-"], ["call", "-"], {}],
    [["call", "--", "--json", "-x"], ["call", "--json", "-x"], {}],
    [["--timeout", "-5"], [], { timeout: "-5" }],
    [["--app=a=b"], [], { app: "a=b" }],
    [["--app=two\nlines"], [], { app: "two\nlines" }],
    [['{"a": 1}'], ['{"a": 1}'], {}],
    [[""], [""], {}],
  ])("%j is the words %j and the flags %j", (argv, words, given) => {
    expect(parse(...argv)).toEqual({ words, flags: given });
  });

  test.each([
    [["--aap=x"], 'There is no flag "--aap". Did you mean "--app"?'],
    [["--no-json"], 'There is no flag "--no-json".'],
    [["--app.x=1"], 'There is no flag "--app.x".'],
    [["--__proto__.x=1"], 'There is no flag "--__proto__.x".'],
    [["-x"], 'There is no flag "-x".'],
    [["--json", "--json"], "--json is given twice"],
    [["--app=a", "--app", "b"], "--app is given twice"],
    [["--follow", "-f"], "--follow is given twice"],
    [["--json=yes"], '--json takes no value; leave "=yes" out.'],
    [["--app"], "--app needs a value: --app=NAME."],
    [["--app="], "--app needs a value"],
    [["--app", "--json"], "--app needs a value"],
  ])("%j is refused: %s", (argv, message) => {
    expect(() => parse(...argv)).toThrow(
      expect.objectContaining({ code: "WRONG_USE", message: expect.stringContaining(message) }),
    );
  });

  test("one flag can be read before the others are known", () => {
    expect(peekFlag(["--json", "up", "--registry", "x", "--runner=docker"], "runner")).toBe("docker");
    expect(peekFlag(["up", "--runner"], "runner")).toBeUndefined();
  });
});
