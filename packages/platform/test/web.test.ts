import { expect, test, vi } from "vitest";
import { moduleOf, startPlatform } from "./start-platform.ts";

/** A packed map, as guests read it. */
function unpack(bytes: Buffer): Record<string, string> {
  const texts: string[] = [];
  let at = 4;
  for (let count = bytes.readUInt32LE(0); count > 0; count--) {
    const length = bytes.readUInt32LE(at);
    texts.push(bytes.toString("utf8", at + 4, at + 4 + length));
    at += 4 + length;
  }
  return Object.fromEntries(texts.flatMap((text, index) => (index % 2 === 0 ? [[text, texts[index + 1] ?? ""]] : [])));
}

async function startWeb(options = {}) {
  const platform = await startPlatform(options);
  await platform.register("web", moduleOf("web"));
  const plug = (path: string, start_function: string, data = "") =>
    platform.admin("POST", "function/plug", { method: "GET", path, name: "web", start_function, data });
  const filter = (start_function: string) =>
    platform.admin("POST", "filter/plug", { name: "web", start_function, data: "filtering" });
  return { platform, plug, filter, [Symbol.asyncDispose]: () => platform[Symbol.asyncDispose]() };
}

test("a guest is told of its request, and says status and headers of the answer", async () => {
  await using web = await startWeb();
  expect((await web.plug("/pages/!page/*rest", "echo", "some data")).json).toEqual({ status: true });
  const answer = await web.platform.ask("GET", "/pages/%C3%BC/a/b?x=1&y", undefined, {
    "X-Moc-Remote-Addr": "forged",
    "User-Agent": "test",
  });
  expect(answer.status).toBe(201);
  expect(unpack(answer.body)).toMatchObject({
    host: "here:8443",
    "user-agent": "test",
    "x-moc-host": "here:8443",
    "x-moc-method": "GET",
    "x-moc-proto": "HTTP/1.1",
    "x-moc-remote-addr": "127.0.0.9",
    "x-moc-request-uri": "/pages/%C3%BC/a/b?x=1&y",
    "x-moc-url-path": "/pages/%C3%BC/a/b",
    "x-moc-url-query": "x=1&y",
    "x-moc-plug-data": "some data",
    "x-moc-path-param-page": "ü",
    "x-moc-path-param-rest": "a/b",
  });
  expect((await web.platform.ask("GET", "/pages/x/../y")).status).toBe(400);
  const head = await web.platform.ask("HEAD", "/pages/x/y");
  expect([head.status, head.body.length]).toEqual([201, 0]);
});

test("filters stand before every route: one answers, one says who it is, one that fails lets nobody pass", async () => {
  await using web = await startWeb();
  await web.plug("/echo", "echo");
  const { filter_id: pass } = (await web.filter("pass")).json;
  const echoed = await web.platform.ask("GET", "/echo");
  expect(unpack(echoed.body)).toMatchObject({ "x-user": "ann" });

  const { filter_id: deny } = (await web.filter("deny")).json;
  const denied = await web.platform.ask("GET", "/echo");
  expect([denied.status, denied.text]).toEqual([403, "forbidden"]);
  expect((await web.platform.ask("GET", "/nowhere")).status).toBe(403);
  expect((await web.platform.admin("DELETE", `filter/plug/${deny}`)).json).toEqual({ status: true });

  const { filter_id: fail } = (await web.filter("fail")).json;
  expect((await web.platform.ask("GET", "/echo")).status).toBe(500);
  await web.platform.admin("DELETE", `filter/plug/${fail}`);
  await web.platform.admin("DELETE", `filter/plug/${pass}`);
  expect((await web.platform.ask("GET", "/echo")).status).toBe(201);
  expect((await web.platform.admin("DELETE", `filter/plug/${pass}`)).status).toBe(404);
});

test("a module is called when it is due", async () => {
  await using platform = await startPlatform();
  await platform.register("counter", moduleOf("counter"));
  const plug = { cron: "* * * * * *", name: "counter", start_function: "count", data: "ticks" };
  const { schedule_id } = (await platform.admin("POST", "schedule/plug", plug)).json;
  const { schedules } = (await platform.admin("GET", "admin/list")).json;
  expect(schedules).toEqual([
    { id: schedule_id, name: "counter", start: "count", data: "ticks", cron: "* * * * * *", timezone: "UTC" },
  ]);
  const call = {
    name: "counter",
    start_function: "count",
    mode: "direct",
    input: Buffer.from("ticks").toString("base64"),
  };
  let own = 0;
  await vi.waitFor(
    async () => {
      const { output } = (await platform.admin("POST", "function/call", call)).json;
      own++;
      // The clock has called it beside us.
      expect(Number(Buffer.from(output, "base64").toString())).toBeGreaterThan(own + 1);
    },
    { timeout: 15_000, interval: 200 },
  );
  expect((await platform.admin("DELETE", `schedule/plug/${schedule_id}`)).json).toEqual({ status: true });
});

test("a guest calls others by name where that was granted, and nowhere else", async () => {
  const call = { name: "web", start_function: "other", mode: "direct", input: Buffer.from("abc").toString("base64") };
  await using plain = await startWeb();
  const refused = await plain.platform.admin("POST", "function/call", call);
  expect([refused.status, refused.json.detail]).toEqual([403, expect.stringMatching(/may not call modules by name/)]);
  await using granted = await startWeb({ grants: { web: { admin: true } } });
  await granted.platform.register("uppercase", moduleOf("uppercase"));
  const answer = await granted.platform.admin("POST", "function/call", call);
  expect(Buffer.from(answer.json.output, "base64").toString()).toBe("ABC");
});
