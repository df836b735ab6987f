import { expect, test } from "vitest";
import { toChoices } from "../../src/cli/command/choices.ts";
import { image, service } from "../../src/index.ts";
import { compose, defineResource, hiddenService } from "../../src/spi.ts";

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
  const wrong = expect.objectContaining({ code: "WRONG_USE" });
  expect(() => toChoices({ postgres: "postgres://u:p@h/d" }, {})).toThrow(wrong);
  expect(() => toChoices({ postgres: "DB", "postgres-image": "b:1" }, {})).toThrow(wrong);
});
