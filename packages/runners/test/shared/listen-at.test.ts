import { createServer } from "node:net";
import { expect, test } from "vitest";
import { listenAt } from "../../src/shared/listen-at.ts";

test("a server at port 0 gets one that is free, and a second at the same is refused by the system's name for it", async () => {
  const [first, second] = [createServer(), createServer()];
  try {
    const port = await listenAt(first, "127.0.0.1", 0);
    expect(port).toBeGreaterThan(0);
    await expect(listenAt(second, "127.0.0.1", port)).rejects.toMatchObject({ code: "EADDRINUSE" });
  } finally {
    first.close();
    second.close();
  }
});
