import fc from "fast-check";
import { expect, test } from "vitest";
import { Matcher } from "../../src/routes/matcher.ts";
import { readTarget } from "../../src/routes/path.ts";
import { say, serve } from "../serve.ts";

const routes = {
  "GET /": () => "root",
  "GET /*": () => "rest",
  "GET /a/:id": ({ params }: { params: { id: string } }) => `param ${params.id}`,
  "GET /a/static": () => "static",
  "GET /a/:id/deep": () => "deep",
  "GET /a/*": ({ params }: { params: { "*": string } }) => `below ${params["*"]}`,
  "POST /a/:id": () => "posted",
  "PUT /only": () => "put",
  "GET /%C3%BC": () => "umlaut",
};
const backwards = Object.fromEntries(Object.entries(routes).reverse()) as typeof routes;

test.each([
  ["/", "root"],
  ["/a/static", "static"],
  ["/a/7", "param 7"],
  ["/a/7/deep", "deep"],
  ["/a/static/deep", "deep"],
  ["/a/7/other", "below 7/other"],
  ["/a", "below "],
  ["/b/c", "rest"],
  ["/%61/static", "static"],
  ["/a/%2F", "param /"],
  ["/a/x%2fy%3Fz", "param x/y?z"],
  ["/a/%252e", "param %2e"],
  ["/%c3%bc", "umlaut"],
  ["/a/%F0%9F%92%99", "param 💙"],
  ["/a/...", "param ..."],
  ["/a/a+b;c=d", "param a+b;c=d"],
])("GET %s finds %s, in whatever order the routes were declared", async (path, expected) => {
  for (const declared of [routes, backwards]) {
    await using web = await serve(declared as typeof routes);
    expect(JSON.parse(bodyOf(await ask(web.port, "GET", path)))).toBe(expected);
  }
});

test.each([
  ["/a/../b", 400],
  ["/a/./b", 400],
  ["/..", 400],
  ["/a/%2e%2e/b", 400],
  ["/a/%2E", 400],
  ["/a/.%2e", 400],
  ["/a/%00", 400],
  ["/a/%0d%0aset-cookie:x", 400],
  ["/a/%5c..", 400],
  ["/a/b\\c", 400],
  ["/a/%", 400],
  ["/a/%zz", 400],
  ["/a/%ff", 400],
  ["/a/%c0%ae%c0%ae/", 400],
  ["/a/\xfc", 400],
  ["/a/7#x", 400],
])("GET %s is %i", async (path, status) => {
  await using web = await serve(routes);
  expect(statusOf(await ask(web.port, "GET", path))).toBe(status);
});

test.each([
  ["/a/7/", "/a/7"],
  ["/a/static/?q=/&r", "/a/static?q=/&r"],
  ["//evil.example", "/evil.example"],
  ["///evil.example//x?a=//", "/evil.example/x?a=//"],
  ["/a//7", "/a/7"],
])("GET %s goes to %s", async (path, location) => {
  await using web = await serve(routes);
  const answer = await ask(web.port, "GET", path);
  expect([statusOf(answer), /^location: (.*)\r$/m.exec(answer)?.[1]]).toEqual([308, location]);
});

test("a method that is not there is 405 with those that are, and OPTIONS says the same", async () => {
  await using web = await serve(routes);
  const wrong = await web.fetch("/only", { method: "POST" });
  expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS, PUT"]);
  const options = await web.fetch("/a/7", { method: "OPTIONS" });
  expect([options.status, options.headers.get("allow")]).toEqual([204, "GET, HEAD, OPTIONS, POST"]);
  const all = await ask(web.port, "OPTIONS", "*");
  expect(all).toMatch(/^HTTP\/1\.1 204 [\s\S]*^allow: GET, HEAD/m);
  expect(statusOf(await ask(web.port, "TRACE", "/a/7"))).toBe(405);
});

test("HEAD is answered from GET, without the body", async () => {
  await using web = await serve({ "GET /a": () => "12345", "GET /b": () => "x", "HEAD /b": () => undefined });
  const answer = await ask(web.port, "HEAD", "/a");
  expect([statusOf(answer), bodyOf(answer), /^content-length: (.*)\r$/m.exec(answer)?.[1]]).toEqual([200, "", "7"]);
  expect(statusOf(await ask(web.port, "HEAD", "/b"))).toBe(204);
  expect(await ask(web.port, "HEAD", "/none")).toMatch(/^HTTP\/1\.1 404 [\s\S]*\r\n\r\n$/);
});

test("what is said to a proxy is answered as the path of it", async () => {
  await using web = await serve(routes);
  expect(JSON.parse(bodyOf(await ask(web.port, "GET", "http://other.example/a/7?x")))).toBe("param 7");
  expect(statusOf(await ask(web.port, "GET", "ftp://other.example/a/7"))).toBe(400);
});

test("whatever the path, it is read without a throw, and no segment leads elsewhere", () => {
  const part = fc.oneof(
    fc.constantFrom("/", "//", "..", ".", "%2e", "%2F", "%5C", "%00", "%", "a", "ü", "?", "#", ":"),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const target = readTarget(`/${parts.join("")}`);
      if (target.kind !== "path") return;
      for (const segment of target.segments) expect([".", "..", ""]).not.toContain(segment);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
      expect(target.segments.join("")).not.toMatch(/[\x00-\x1f\\]/);
    }),
    { numRuns: 2000 },
  );
});

test("a match is the best of all patterns that match, as one that tries each would say", () => {
  const segment = fc.constantFrom("a", "b", ":x");
  const pattern = fc
    .tuple(fc.array(segment, { maxLength: 3 }), fc.boolean())
    .map(([parts, rest]) => [...parts, ...(rest ? ["*"] : [])]);
  const path = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 4 });
  fc.assert(
    fc.property(
      fc.uniqueArray(pattern, { selector: (parts) => parts.join("/"), maxLength: 8 }),
      path,
      (patterns, asked) => {
        const matcher = new Matcher(patterns.map((parts) => [toKey(parts), parts] as const));
        const found = matcher.find("GET", asked);
        const best = patterns.filter((parts) => fits(parts, asked)).sort((a, b) => rank(a).localeCompare(rank(b)))[0];
        expect(found.kind === "found" ? found.value : undefined).toEqual(best);
      },
    ),
    { numRuns: 1000 },
  );
});

/** A key in which each parameter has a name of its own. */
function toKey(parts: readonly string[]): string {
  return `GET /${parts.map((part, at) => (part === ":x" ? `:x${at}` : part)).join("/")}`;
}

function fits(parts: readonly string[], asked: readonly string[]): boolean {
  const rest = parts.at(-1) === "*";
  const fixed = rest ? parts.slice(0, -1) : parts;
  if (rest ? asked.length < fixed.length : asked.length !== fixed.length) return false;
  return fixed.every((part, at) => part === ":x" || part === asked[at]);
}

/** Static before a parameter before the end before all that is left, from the first segment on. */
function rank(parts: readonly string[]): string {
  return `${parts.map((part) => (part === "*" ? "3" : part === ":x" ? "1" : "0")).join("")}2`;
}

function ask(port: number, method: string, target: string): Promise<string> {
  return say(port, `${method} ${target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
}

function statusOf(answer: string): number {
  return Number(answer.split(" ", 2)[1]);
}

function bodyOf(answer: string): string {
  return Buffer.from(answer.slice(answer.indexOf("\r\n\r\n") + 4), "latin1").toString("utf8");
}
