import { describe, test } from "vitest";
import { deployChat, tryChat, tryScaling } from "../../../../examples/test/try-chat.ts";
import { skip } from "./engine.ts";

describe.skipIf(skip !== undefined)(`sockets through an ingress${skip === undefined ? "" : ` (${skip})`}`, () => {
  test("a chat over two containers: everybody hears everybody, in one order; one that goes sends its own away", async () => {
    await deployChat("docker", async (url, type) => {
      await tryChat(url);
      await tryScaling(url, type);
    });
  }, 180_000);
});
