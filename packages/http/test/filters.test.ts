import { HadronError } from "@hadron/core";
import { expect, test } from "vitest";
import { below, type Filter, problem, route } from "../src/index.ts";
import { say, serve } from "./serve.ts";

test("filters stand in the order in which they are named, those of a route inside", async () => {
  const seen: string[] = [];
  const filter =
    (name: string): Filter =>
    async (_, next) => {
      seen.push(`> ${name}`);
      const answer = await next();
      seen.push(`< ${name}`);
      return answer;
    };
  await using web = await serve(
    { "GET /a/b": route({ before: [filter("route")] }, () => seen.push("handler")), "GET /c": () => 1 },
    { before: [filter("first"), below("/a", filter("below")), filter("last")] },
  );
  await web.fetch("/a/b");
  expect(seen).toEqual([
    "> first",
    "> below",
    "> last",
    "> route",
    "handler",
    "< route",
    "< last",
    "< below",
    "< first",
  ]);
  seen.length = 0;
  await web.fetch("/c");
  expect(seen).toEqual(["> first", "> last", "< last", "< first"]);
});

test("a filter answers itself, changes what is asked, and what is answered", async () => {
  await using web = await serve(
    {
      "GET /new": ({ headers, query, request }) => ({
        user: headers["x-user"],
        asked: request.headers.get("x-user"),
        q: query.q,
      }),
      "GET /text": () => new Response("plain", { headers: { "x-a": "1" } }),
      "POST /echo": ({ body }) => body,
    },
    {
      before: [
        async (request, next) => {
          if (request.headers.has("x-stop")) return problem(401, "Sign in first");
          if (request.url.endsWith("/old")) {
            const other = new Request(new URL("/new?q=1", request.url), { headers: { "x-user": "ann" } });
            return next(other);
          }
          const answer = await next();
          answer.headers.set("x-time", "1");
          return answer;
        },
      ],
    },
  );
  expect((await web.fetch("/new", { headers: { "x-stop": "1" } })).status).toBe(401);
  expect(await (await web.fetch("/old")).json()).toEqual({ user: "ann", asked: "ann", q: "1" });
  const text = await web.fetch("/text");
  expect([text.headers.get("x-a"), text.headers.get("x-time"), await text.text()]).toEqual(["1", "1", "plain"]);
  const echo = await web.fetch("/echo", {
    method: "POST",
    body: '"hi"',
    headers: { "content-type": "application/json" },
  });
  expect(await echo.json()).toBe("hi");
});

test("a filter that signs who comes in guards what is below, however its path is written", async () => {
  await using web = await serve(
    { "GET /admin/users": () => "secret", "GET /*": () => "open" },
    { before: [below("/admin", () => problem(403))] },
  );
  for (const path of ["/admin/users", "/%61dmin/users", "/admin", "/admin/x/y", "/admi%6E/users?x"]) {
    expect([path, (await web.fetch(path)).status]).toEqual([path, 403]);
  }
  expect((await web.fetch("/administrators")).status).toBe(200);
});

test("what a route throws comes back to a filter as an answer, and the call still counts as failed", async () => {
  const statuses: number[] = [];
  await using web = await serve(
    {
      "GET /missing": () => {
        throw new HadronError("NOT_FOUND", "No such thing");
      },
      "GET /broken": () => {
        throw new Error("a defect");
      },
    },
    {
      before: [
        async (_, next) => {
          const answer = await next();
          statuses.push(answer.status);
          return answer;
        },
      ],
    },
  );
  expect((await web.fetch("/missing")).status).toBe(404);
  expect((await web.fetch("/broken")).status).toBe(500);
  expect(statuses).toEqual([404, 500]);
  expect(web.server.dispatcher.totals).toEqual({ calls: 2, errors: 2 });
  expect(web.logged.join("\n")).toContain("a defect");
});

test("a filter that returns nothing is 500, one that never settles 504, one that reads the body is told", async () => {
  await using web = await serve(
    { "GET /nothing": () => 1, "GET /never": () => 1, "POST /read": ({ body }) => body },
    {
      timeoutMs: 150,
      before: [
        below("/nothing", (() => undefined) as never),
        below("/never", () => new Promise<never>(() => {})),
        below("/read", async (request, next) => {
          await request.text();
          return next();
        }),
      ],
    },
  );
  expect((await web.fetch("/nothing")).status).toBe(500);
  expect((await web.fetch("/never")).status).toBe(504);
  const read = await web.fetch("/read", { method: "POST", body: "x", headers: { "content-type": "text/plain" } });
  expect(read.status).toBe(500);
  expect(web.logged.join("\n")).toMatch(/return next\(\)[\s\S]*request\.clone\(\)/);
});

test("a path that is refused or sent elsewhere reaches no filter", async () => {
  let asked = 0;
  const count: Filter = (_, next) => {
    asked++;
    return next();
  };
  await using web = await serve({ "GET /a": () => 1 }, { before: [count] });
  expect((await web.fetch("//a")).status).toBe(308);
  // `fetch` would resolve it.
  expect(await say(web.port, "GET /a/%2e%2e HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")).toMatch(
    /^HTTP\/1\.1 400 /,
  );
  expect(asked).toBe(0);
});
