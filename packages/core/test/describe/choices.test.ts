import { expect, test } from "vitest";
import { toChoices } from "../../src/cli/command/choices.ts";
import { image, service } from "../../src/index.ts";
import { compose, defineResource, hiddenService, withNeeds } from "../../src/spi.ts";

const server = hiddenService("hadron.postgres", image("postgres:18", { port: 5432, generated: ["PASSWORD"] }));
const keeper = hiddenService("hadron.keeper", { keep: () => 1 }, { uses: [server] });
const kept = defineResource({}, { kind: "box", name: "kept", options: {}, keeper });
const user = service("user", () => 1, { uses: [kept] });

test("an image may be another, and a server may run elsewhere: who uses it gets its URL as a secret", () => {
  const { topology } = compose("app", [user], { images: { "hadron.postgres": "mine:1" } });
  expect(topology.services.find(({ name }) => name === "hadron.postgres")?.image?.reference).toBe("mine:1");
  const elsewhere = compose("app", [user], { elsewhere: { "hadron.postgres": "DATABASE_URL" } }).topology;
  expect(elsewhere.services.map(({ name, secrets, uses }) => [name, secrets, uses])).toEqual([
    ["user", [], ["box:kept"]],
    ["hadron.keeper", ["DATABASE_URL"], undefined],
  ]);
  expect(elsewhere.choices).toEqual({ elsewhere: { "hadron.postgres": "DATABASE_URL" } });
  expect(compose("app", [user]).topology).not.toHaveProperty("choices");
});

test("flags choose; a URL is refused where others could read it", () => {
  expect(toChoices({}, {})).toBeUndefined();
  expect(toChoices({}, { HADRON_POSTGRES_IMAGE: "a:1" })).toEqual({ images: { "hadron.postgres": "a:1" } });
  expect(toChoices({ "postgres-image": "b:1" }, { HADRON_POSTGRES_IMAGE: "a:1" })).toEqual({
    images: { "hadron.postgres": "b:1" },
  });
  expect(toChoices({ postgres: "DB" }, { HADRON_POSTGRES_IMAGE: "a:1" })).toEqual({
    elsewhere: { "hadron.postgres": "DB" },
  });
  expect(toChoices({ store: "sqlite" }, {})).toBeUndefined();
  expect(toChoices({ store: "postgres" }, {})).toEqual({ variants: { "hadron.store": "postgres" } });
  expect(toChoices({ s3: "S3_URL", postgres: "DB" }, {})).toEqual({
    elsewhere: { "hadron.postgres": "DB", "hadron.s3": "S3_URL" },
    variants: { "hadron.files": "s3" },
  });
  expect(toChoices({ postgres: "DB", adopt: "" }, {})).toMatchObject({ adopt: true });
  const wrong = expect.objectContaining({ code: "WRONG_USE" });
  expect(() => toChoices({ postgres: "postgres://u:p@h/d" }, {})).toThrow(wrong);
  expect(() => toChoices({ s3: "https://k:s@h/b" }, {})).toThrow(wrong);
  expect(() => toChoices({ adopt: "" }, {})).toThrow(wrong);
  expect(() => toChoices({ store: "redis" }, {})).toThrow(wrong);
  expect(() => toChoices({ postgres: "DB", "postgres-image": "b:1" }, {})).toThrow(wrong);
});

test("a hidden service does its work in another way where that is chosen, with what that needs", () => {
  const near = withNeeds({ keep: () => 1 }, { storage: { path: "box" } });
  const far = withNeeds({ keep: () => 2 }, { uses: [server] });
  const box = hiddenService("hadron.box", near, { variants: { far } });
  const inBox = service("user", () => 1, {
    uses: [defineResource({}, { kind: "box", name: "kept", options: {}, keeper: box })],
  });
  const seen = (choices?: Parameters<typeof compose>[2]) =>
    compose("app", [inBox], choices).topology.services.map(({ name, storage, uses }) => [name, storage !== null, uses]);
  expect(seen()).toEqual([
    ["user", false, ["box:kept"]],
    ["hadron.box", true, undefined],
  ]);
  expect(seen({ variants: { "hadron.box": "far" } })).toEqual([
    ["user", false, ["box:kept"]],
    ["hadron.box", false, ["hadron.postgres"]],
    ["hadron.postgres", false, undefined],
  ]);
});
