import { image, type KubernetesOptions, type RunOptions, run, service } from "@hadron/core";
import { pattern } from "@hadron/core/spi";
import { describe, expect, expectTypeOf, test } from "vitest";
import { checkOptions, splitArguments } from "../../src/describe/app-arguments.ts";

const shop = service("shop", () => 1);

test("a plain object behind the services is options; a service, an image or a pattern is none", () => {
  expect(splitArguments([shop, { app: "x" }])).toEqual({ services: [shop], options: { app: "x" } });
  expect(splitArguments([shop])).toEqual({ services: [shop], options: {} });
  for (const part of [
    image("redis:7"),
    pattern({ name: "p", children: {}, root: () => () => 1 }),
    new Map(),
    [],
    null,
  ]) {
    expect(splitArguments([shop, part]).services).toEqual([shop, part]);
  }
});

describe("options", () => {
  const known = {
    app: { type: "string" },
    time: ["real", "virtual"],
    seed: { type: "number or string" },
    bundle: "names",
  } as const;
  test.each([
    [{ ap: 1 }, 'run(…) knows no option "ap". Did you mean "app"? There are app, time, seed, bundle.'],
    [
      { hello: () => 1 },
      'knows no option "hello". There are app, time, seed, bundle. A service is made with service(name, { … }).',
    ],
    [{ toString: 1 }, 'knows no option "toString"'],
    [{ app: 5 }, "run(…) was given the option app: 5; it is a string."],
    [{ time: "virtul" }, 'was given the option time: virtul; it is "real" or "virtual".'],
    [{ seed: true }, "it is a number or string."],
    [{ bundle: "a" }, 'run(…) was given the option bundle: a; it is a list of names, as in ["sharp"].'],
    [{ bundle: [1] }, "it is a list of names"],
  ])("%o are refused", (options, message) => {
    expect(() => checkOptions("run", options, known)).toThrow(message);
  });
  test("that are known, or undefined, are not", () => {
    for (const options of [{}, { app: "a", seed: 1, time: "virtual" }, { seed: "s", app: undefined, bundle: ["a"] }]) {
      expect(() => checkOptions("run", options, known)).not.toThrow();
    }
  });
});

test("run takes services, resources and then options", () => {
  const known = () => run(shop, { app: "x" });
  expectTypeOf<RunOptions>().toEqualTypeOf<{
    readonly app?: string;
    readonly external?: readonly string[];
    readonly bundle?: readonly string[];
    readonly kubernetes?: KubernetesOptions;
  }>();
  // @ts-expect-error: options stand last
  const first = () => run({ app: "x" }, shop);
  // @ts-expect-error: there is no such option
  const unknown = () => run(shop, { ap: "x" });
  expect([known, first, unknown]).toHaveLength(3);
});
