import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { openUrl } from "../../src/call/client/url.ts";

test.each([
  "",
  "127.0.0.1:3000",
  "ftp://127.0.0.1",
  "see http://127.0.0.1",
  "http:/127.0.0.1",
  "http://",
  "https://a b",
])("%j is no URL to call", (url) => {
  expect(() => openUrl(url)).toThrow(
    expect.objectContaining({ code: "WRONG_USE", message: expect.stringContaining(`"${url}" is no URL`) }),
  );
});

test("a call of a server that never answers ends by its time, or when it is given up; of none, at once", async () => {
  const server = createServer(() => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const caller = openUrl(`http://127.0.0.1:${port}`);
  const code = (call: Promise<unknown>) => expect(call).rejects;
  await code(caller.call("wait", 1, { timeoutMs: 50 })).toMatchObject({ code: "DEADLINE_EXCEEDED" });
  await code(caller.call("wait", 1, { signal: AbortSignal.abort() })).toMatchObject({ code: "CANCELLED" });
  const controller = new AbortController();
  const given = caller.call("wait", 1, { signal: controller.signal });
  setTimeout(() => controller.abort(), 20);
  await code(given).toMatchObject({ code: "CANCELLED" });
  const under = caller.call("wait", 1);
  setTimeout(() => caller.close(), 20);
  await code(under).toMatchObject({ code: "UNAVAILABLE" });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  const nobody = openUrl(`http://127.0.0.1:${port}`);
  await code(nobody.call("wait", 1)).toMatchObject({ code: "UNAVAILABLE" });
  nobody.close();
});
