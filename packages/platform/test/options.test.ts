import { availableParallelism } from "node:os";
import { expect, test } from "vitest";
import { type PlatformOptions, resolveOptions } from "../src/options.ts";

test("what is not said is the default, of the platform and of each guest", () => {
  const { guest, ...rest } = resolveOptions({});
  expect(rest).toEqual({ name: "platform", maxBodyBytes: 2 ** 26, maxImportBytes: 2 ** 29 });
  const defaults = {
    timeoutMs: 30_000,
    memoryMiB: 64,
    outputBytes: 2 ** 23,
    threads: Math.max(2, availableParallelism()),
    keptBytes: 2 ** 26,
    net: [],
    random: false,
    clock: false,
    admin: false,
  };
  expect(guest(undefined)).toEqual(defaults);
  expect(guest("any")).toEqual(defaults);
});

test("a guest has what it is granted, and for the rest what all guests have", () => {
  const { guest } = resolveOptions({
    guests: { timeoutMs: 1, random: true },
    grants: { mail: { net: ["smtp.example.com:25", "[::1]:80"], timeoutMs: 2 }, boss: { admin: true, clock: true } },
  });
  expect(guest("mail")).toMatchObject({ net: ["smtp.example.com:25", "[::1]:80"], timeoutMs: 2, random: true });
  expect(guest("boss")).toMatchObject({ admin: true, clock: true, timeoutMs: 1, net: [] });
  for (const name of [undefined, "other"]) expect(guest(name)).toMatchObject({ timeoutMs: 1, admin: false, net: [] });
});

test.each<[object, string]>([
  [{ colour: 1 }, 'platform knows no option "colour"; there are name, '],
  [{ guests: { speed: 1 } }, 'guests knows no option "speed"; there are '],
  [{ grants: { mail: { speed: 1 } } }, 'grants.mail knows no option "speed"'],
  [{ maxBodyBytes: 1023 }, "maxBodyBytes is 1023, and should be a whole number from 1024 to 2147483648"],
  [{ maxImportBytes: 2 ** 31 + 1 }, "maxImportBytes is 2147483649"],
  [{ maxBodyBytes: 2000.5 }, "maxBodyBytes is 2000.5"],
  [{ guests: { timeoutMs: 0 } }, "guests.timeoutMs is 0, and should be a whole number from 1 to 2147483647"],
  [{ guests: { memoryMiB: 4097 } }, "guests.memoryMiB is 4097"],
  [{ grants: { mail: { threads: 257 } } }, "grants.mail.threads is 257"],
  [{ grants: { mail: { keptBytes: -1 } } }, "grants.mail.keptBytes is -1"],
  [{ grants: { mail: { outputBytes: -1 } } }, "grants.mail.outputBytes is -1"],
  [{ grants: { mail: { net: ["a:80", "b"] } } }, 'grants.mail.net: "b" should be host:port'],
  [{ guests: { net: ["http://a:80"] } }, 'guests.net: "http://a:80" should be host:port'],
  [{ guests: { net: ["a:800000"] } }, 'guests.net: "a:800000" should be'],
])("%j is refused, and says what can be", (options, message) => {
  expect(() => resolveOptions(options as PlatformOptions)).toThrow(
    expect.objectContaining({ code: "INVALID_DECLARATION", message: expect.stringContaining(`platform: ${message}`) }),
  );
});

test("limits themselves are within them", () => {
  expect(resolveOptions({ maxBodyBytes: 1024, maxImportBytes: 2 ** 31 })).toMatchObject({ maxBodyBytes: 1024 });
  const least = { timeoutMs: 1, memoryMiB: 1, outputBytes: 0, threads: 1, keptBytes: 0 };
  expect(resolveOptions({ guests: least }).guest("a")).toMatchObject(least);
});
