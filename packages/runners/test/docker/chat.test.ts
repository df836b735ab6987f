import { describe, test } from "vitest";
import { deployChat, tryChat } from "../../../../examples/test/try-chat.ts";
import { skip } from "./engine.ts";

describe.skipIf(skip !== undefined)(`sockets through an ingress${skip === undefined ? "" : ` (${skip})`}`, () => {
  test("a chat over two containers: everybody hears everybody, in one order", async () => {
    await deployChat("docker", tryChat);
  }, 180_000);
});
