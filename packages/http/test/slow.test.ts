import { once } from "node:events";
import { expect, test } from "vitest";
import { open, serve } from "./serve.ts";

test("a client that reads hardly anything holds back who writes to it, and keeps nobody else waiting", async () => {
  const chunk = new Uint8Array(64 * 1024);
  const ended = Promise.withResolvers<void>();
  let made = 0;
  await using web = await serve({
    "GET /flood": () => {
      const stream = new ReadableStream<Uint8Array>({
        pull(controller) {
          made += chunk.length;
          controller.enqueue(chunk);
        },
        cancel: () => ended.resolve(),
      });
      return new Response(stream);
    },
    "GET /": () => "here",
  });
  const socket = await open(web.port);
  socket.write("GET /flood HTTP/1.1\r\nhost: x\r\n\r\n");
  await once(socket, "readable");
  expect(socket.read(1)).toHaveLength(1);
  // Who writes is held back when no more is made while others are answered, request upon request.
  let before = -1;
  for (let round = 0; round < 100 && made > before; round++) {
    before = made;
    for (let asked = 0; asked < 20; asked++) expect(await (await web.fetch("/")).json()).toBe("here");
    socket.read(1);
  }
  expect(made).toBe(before);
  // What the kernel's buffers of both ends hold, and a little.
  expect(made).toBeLessThan(24 * 1024 * 1024);
  socket.destroy();
  await ended.promise;
});
