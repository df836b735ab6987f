import { expect, test } from "vitest";
import type { WebInput, WebRequest } from "../../../src/transport/web/message.ts";
import { readHead, readWhole } from "../../../src/transport/web/read-whole.ts";

const head: WebRequest = {
  method: "POST",
  url: "/a?b=1",
  headers: ["Host", "x", "Accept", "text/html", "accept", "*/*", "X-Odd"],
};
const bytes = (text: string) => Buffer.from(text);

/** A request in items, and whether its sender was told that nobody reads on. */
function sent(...items: (WebRequest | Uint8Array)[]) {
  const seen = { taken: 0, isEnded: false };
  async function* send() {
    try {
      for (const item of items) {
        seen.taken++;
        yield item;
      }
    } finally {
      seen.isEnded = true;
    }
  }
  return { input: send() as WebInput, seen };
}

test("a request is its head, its headers by their names in lower case, and its body", async () => {
  const headers = { host: "x", accept: "text/html, */*", "x-odd": undefined };
  for (const input of [{ ...head, body: "hällo" }, sent(head, bytes("häl"), bytes("lo")).input]) {
    const whole = await readWhole(input, 100);
    expect(whole.head).toMatchObject({ method: "POST", url: "/a?b=1" });
    expect({ ...headers, ...whole.headers }).toEqual(headers);
    expect(Buffer.from(whole.body).toString()).toBe("hällo");
  }
  expect((await readWhole(head, 0)).body).toHaveLength(0);
});

test("of a head no more is read than it, and leaving the body ends its sender", async () => {
  const { input, seen } = sent(head, bytes("a"), bytes("b"));
  const { chunks } = await readHead(input);
  expect(seen).toEqual({ taken: 1, isEnded: false });
  for await (const chunk of chunks) {
    expect(String(chunk)).toBe("a");
    break;
  }
  expect(seen).toEqual({ taken: 2, isEnded: true });
});

test.each([
  ["nothing", sent()],
  ["a body without a head", sent(bytes("a"), bytes("b"))],
])("%s is INVALID_INPUT, and its sender is told", async (_, { input, seen }) => {
  await expect(readHead(input)).rejects.toMatchObject({ code: "INVALID_INPUT" });
  expect(seen.isEnded).toBe(true);
  expect(seen.taken).toBeLessThanOrEqual(1);
});

test("a body above the limit is TOO_LARGE: by its length before it is read, by its bytes as soon as they are too many", async () => {
  const announced = sent({ ...head, headers: ["content-length", "11"] }, bytes("a"));
  await expect(readWhole(announced.input, 10)).rejects.toMatchObject({ code: "TOO_LARGE" });
  expect(announced.seen.taken).toBe(1);
  const long = sent(head, bytes("12345"), bytes("67890"), bytes("1"), bytes("2"));
  await expect(readWhole(long.input, 10)).rejects.toThrow("more than 10 bytes");
  expect(long.seen).toEqual({ taken: 4, isEnded: true });
  const fits = sent({ ...head, headers: ["content-length", "10"] }, bytes("12345"), bytes("67890"));
  expect((await readWhole(fits.input, 10)).body).toHaveLength(10);
});
