import { globSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { expect, test } from "vitest";
import { importsOf, PACKAGES, root, sourcesOf } from "./sources.ts";

/** What each package's sources may import of its siblings. `run` loads a runner by name, at run time. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  core: ["@hadron/core"],
  patterns: ["@hadron/core", "@hadron/patterns"],
  resources: ["@hadron/core", "@hadron/resources"],
  runners: ["@hadron/core", "@hadron/runners"],
  http: ["@hadron/core", "@hadron/http"],
  "femto-cpu": ["@hadron/core", "@hadron/patterns", "@hadron/femto-cpu"],
  durable: ["@hadron/core", "@hadron/resources", "@hadron/durable"],
  wasm: ["@hadron/core", "@hadron/wasm"],
  platform: ["@hadron/core", "@hadron/resources", "@hadron/wasm", "@hadron/platform"],
};

test("every package has its rule", () => {
  expect(Object.keys(ALLOWED).sort()).toEqual(PACKAGES);
});

test.each(Object.entries(ALLOWED))("sources of %s import only what they may", (name, allowed) => {
  const files = sourcesOf(name);
  expect(files.length).toBeGreaterThan(0);
  const wrong = files.flatMap((file) =>
    importsOf(file)
      .filter((target) => {
        if (target.startsWith("@hadron/"))
          return !allowed.some((sibling) => target === sibling || target.startsWith(`${sibling}/`));
        if (!target.startsWith(".")) return false;
        return relative(join(root, "packages", name, "src"), resolve(root, dirname(file), target)).startsWith("..");
      })
      .map((target) => `${file} imports ${target}`),
  );
  expect(wrong).toEqual([]);
});

test.each(["patterns", "resources", "http", "durable", "femto-cpu", "wasm", "platform"])(
  "%s reaches core by its front doors",
  (name) => {
    const inside = /^@hadron\/core\/(?!spi$|testing$)/;
    expect(sourcesOf(name).filter((file) => importsOf(file).some((target) => inside.test(target)))).toEqual([]);
  },
);

/** What each room of the runners may import of the others: a runner imports no other runner, and all share what is below. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  shared: [],
  bundle: ["shared"],
  layout: ["bundle", "shared"],
  replica: ["bundle", "layout", "shared"],
  registry: ["shared"],
  local: ["bundle", "layout", "replica", "shared"],
  docker: ["bundle", "layout", "replica", "shared"],
  kubernetes: ["bundle", "layout", "registry", "replica", "shared"],
};

test.each(Object.entries(ROOMS))("the runners' room %s imports no room but those below it", (room, below) => {
  const src = join(root, "packages/runners/src");
  const files = globSync(`packages/runners/src/${room}/**/*.ts`, { cwd: root });
  expect(files.length).toBeGreaterThan(0);
  const wrong = files.flatMap((file) =>
    importsOf(file)
      .filter((target) => target.startsWith("."))
      .map((target) => relative(src, resolve(root, dirname(file), target)).split(sep)[0] as string)
      .filter((other) => other !== room && !below.includes(other))
      .map((other) => `${file} imports ${other}`),
  );
  expect(wrong).toEqual([]);
});

/** What stands below the transports: all that they may import. */
const GROUND = ["clock", "errors.ts", "scope", "values"];

test("transports import only what is below them", () => {
  const src = join(root, "packages/core/src");
  const files = globSync("packages/core/src/transport/**/*.ts", { cwd: root });
  expect(files.length).toBeGreaterThan(0);
  const wrong = files.flatMap((file) =>
    importsOf(file)
      .filter((target) => target.startsWith("."))
      .map((target) => relative(src, resolve(root, dirname(file), target)).split(sep)[0] as string)
      .filter((room) => room !== "transport" && !GROUND.includes(room))
      .map((room) => `${file} imports ${room}`),
  );
  expect(wrong).toEqual([]);
});
