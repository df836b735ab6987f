import { expect, test } from "vitest";
import { toWebAnswer } from "../../src/web/guest-answer.ts";
import { readRequest } from "../../src/web/request.ts";

const ask = (url: string, more: object = {}) => readRequest({ method: "GET", url, headers: [], ...more }, 10);

test("a request is its path, decoded by segments, and its query as it stands", async () => {
  const headers = ["X-A", "1", "x-a", "2"];
  expect(await ask("/a%2Fb/%C3%A4?x=%2F?y", { headers, address: "::1", secure: true, body: "hi" })).toEqual({
    method: "GET",
    url: "/a%2Fb/%C3%A4?x=%2F?y",
    path: "/a%2Fb/%C3%A4",
    query: "x=%2F?y",
    segments: ["a/b", "ä"],
    headers: { "x-a": "1, 2" },
    address: "::1",
    isSecure: true,
    body: Buffer.from("hi"),
  });
  expect(await ask("/")).toMatchObject({ path: "/", query: "", segments: [""], address: "", isSecure: false });
  expect(await ask("http://x:80/a?b")).toMatchObject({ url: "/a?b", path: "/a", query: "b" });
  expect(await ask("HTTPS://x")).toMatchObject({ url: "/", path: "/" });
  expect((await ask("/.a/b..")).segments).toEqual([".a", "b.."]);
});

test.each(["*", "a", "/a/../b", "/a/%2e%2E", "/.", "/a%00", "/a%5Cb", "/%", "/%ff"])("%s is no path", async (url) => {
  await expect(ask(url)).rejects.toMatchObject({ code: "INVALID_INPUT" });
});

test("a body above the limit is refused", async () => {
  await expect(ask("/", { body: "12345678901" })).rejects.toMatchObject({ code: "TOO_LARGE" });
  expect((await ask("/", { body: "1234567890" })).body).toHaveLength(10);
});

const bytes = Buffer.from("hi");
type Given = Parameters<typeof toWebAnswer>[2];
const answer = (given: Partial<Given>, start = "go") =>
  toWebAnswer("web", start, { status: undefined, headers: [], bytes, result: 0, ...given } as Given);

test("what a guest writes is the answer: 200 and plain text, unless it says otherwise", () => {
  expect(answer({})).toEqual({ status: 200, headers: ["content-type", "text/plain; charset=utf-8"], body: bytes });
  const headers = [
    ["Content-Type", "a/b"],
    ["x-a", "1\t2 é"],
  ] as const;
  expect(answer({ status: 404, headers: headers as unknown as Given["headers"] })).toEqual({
    status: 404,
    headers: ["Content-Type", "a/b", "x-a", "1\t2 é"],
    body: bytes,
  });
  expect([answer({ status: 200 }).status, answer({ status: 599 }).status]).toEqual([200, 599]);
});

test("what the server says itself is left to it", () => {
  const own = ["Content-Length", "transfer-encoding", "Connection", "keep-alive", "upgrade", "trailer", "TE"];
  const headers = own.map((name) => [name, "1"]) as unknown as Given["headers"];
  expect(answer({ headers }).headers).toEqual(["content-type", "text/plain; charset=utf-8"]);
});

test("a program that ends with another status than 0, and said none, has failed; a function's result is its own", () => {
  expect(() => answer({ result: 3 }, "_start")).toThrow('"web" ended with exit status 3.');
  expect(answer({ result: 3 }).status).toBe(200);
  expect(answer({ result: 3, status: 201 }, "_start").status).toBe(201);
  expect(answer({ result: 0 }, "_start").status).toBe(200);
});

test.each([199, 600, 100, 0, -1])("the status %i is none", (status) => {
  expect(() => answer({ status })).toThrow(expect.objectContaining({ code: "HANDLER_FAILED" }));
});

test.each([
  ["a b", "1"],
  ["", "1"],
  ["a:", "1"],
  ["ä", "1"],
  ["x-a", "1\r\nx: y"],
  ["x-a", "\u0000"],
  ["x-a", "€"],
])("the header %j of %j is none", (name, value) => {
  const headers = [
    ["x-ok", "1"],
    [name, value],
  ] as unknown as Given["headers"];
  expect(() => answer({ headers })).toThrow(`answered with the header ${JSON.stringify(name)}, which is none`);
});
