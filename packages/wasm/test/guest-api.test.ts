import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { service } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { keyValue } from "@hadron/resources";
import { wasm } from "@hadron/wasm";
import { expect, test } from "vitest";
import { at } from "./at.ts";

test("a guest keeps what it was granted a store for", async () => {
  const pages = keyValue<Uint8Array>("pages");
  const count = service("count", wasm(at("counter"), { start: "count", kv: pages }));
  await using _ = await start(count);
  expect(await count("home")).toBe("1");
  expect(await count("home")).toBe("2");
  expect(await count("about")).toBe("1");
});

test("a guest without a store is told so", async () => {
  const count = service("count", wasm(at("counter"), { start: "count" }));
  await using _ = await start(count);
  await expect(count("home")).rejects.toMatchObject({
    code: "PERMISSION_DENIED",
    message: expect.stringMatching(/granted none/),
  });
});

test("a guest gets what is at an address that it was granted, and nothing else", async () => {
  const server = createServer((request, response) => {
    if (request.url === "/away") response.writeHead(302, { location: "http://localhost:1/" }).end();
    else if (request.url === "/none") response.writeHead(404).end();
    else response.end("the page");
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  const granted = service("granted", wasm(at("fetcher"), { net: [`127.0.0.1:${port}`] }));
  const refused = service("refused", wasm(at("fetcher")));
  await using _ = await start(granted, refused);
  try {
    expect(await granted(`http://127.0.0.1:${port}/`)).toBe("the page");
    await expect(granted(`http://127.0.0.1:${port}/away`)).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    await expect(granted(`http://127.0.0.1:${port}/none`)).rejects.toMatchObject({
      message: expect.stringMatching(/answers 404/),
    });
    await expect(granted(`http://localhost:${port}/`)).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    await expect(granted(`http://127.0.0.1:${port + 1}/`)).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    await expect(granted("file:///etc/passwd")).rejects.toMatchObject({ code: "INVALID_INPUT" });
    await expect(refused(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({
      code: "PERMISSION_DENIED",
      message: expect.stringMatching(/granted no address/),
    });
  } finally {
    server.close();
  }
});
