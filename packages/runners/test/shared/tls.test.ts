import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findBy } from "../../src/local/tls/certificates.ts";
import { Authority, isCurrent } from "../../src/shared/tls/authority.ts";
import { OWN_HOSTS } from "../../src/shared/tls/own-hosts.ts";
import { readPair } from "../../src/shared/tls/pair.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tls-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("a certificate is kept while its authority is the same, its hosts are those, and it is good for long; to look makes no authority", async () => {
  const authority = await Authority.open(join(folder, "mine"));
  const { cert } = await authority.issue(OWN_HOSTS);
  const mine = join(folder, "mine");
  expect(isCurrent(mine, cert, OWN_HOSTS)).toBe(true);
  expect(isCurrent(mine, cert, [...OWN_HOSTS, "shop.localhost"])).toBe(false);
  expect(isCurrent(mine, "no certificate", OWN_HOSTS)).toBe(false);
  await Authority.open(join(folder, "other"));
  expect(isCurrent(join(folder, "other"), cert, OWN_HOSTS)).toBe(false);
  expect(isCurrent(join(folder, "none"), cert, OWN_HOSTS)).toBe(false);
  expect((await readdir(folder)).sort()).toEqual(["mine", "other"]);
});

test("of the names asked for so many certificates are kept, those that were asked for last", async () => {
  const asked: string[] = [];
  const find = findBy(
    {
      issue: async ([host = ""]) => {
        asked.push(host);
        return { cert: host, key: "", goodForMs: 60_000 };
      },
    },
    2,
  );
  for (const host of ["a.localhost", "b.localhost", "a.localhost", "c.localhost", "a.localhost"]) await find(host);
  expect(asked).toEqual(["a.localhost", "b.localhost", "c.localhost"]);
  await find("b.localhost");
  expect(asked).toEqual(["a.localhost", "b.localhost", "c.localhost", "b.localhost"]);
  expect(await find("shop.example")).toBeNull();
});

test("a pair that does not fit is refused by its places, and nothing of it is told", async () => {
  const authority = await Authority.open(folder);
  const [one, two] = [await authority.issue(OWN_HOSTS), await authority.issue(OWN_HOSTS)];
  await writeFile(join(folder, "cert.pem"), one.cert);
  const places = { appFolder: folder, secrets: { GOOD: one.key, WRONG: two.key } };
  const sources = (secret: string) => ({ cert: "cert.pem", key: { secret } });
  expect(readPair("web", sources("GOOD"), places)).toEqual({ cert: one.cert, key: one.key });
  expect(() => readPair("web", sources("WRONG"), places)).toThrow(
    /^"web" cannot be exposed over TLS with \S+cert\.pem and secret WRONG: .*key values mismatch\.$/,
  );
  expect(() => readPair("web", sources("NONE"), places)).toThrow("NONE is not in the environment of whoever deploys.");
  expect(() => readPair("web", { cert: "no.pem", key: "no.pem" }, places)).toThrow("ENOENT");
});
