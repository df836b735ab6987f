import { test } from "vitest";
import { tryChat } from "./try-chat.ts";
import { upLocal } from "./up-local.ts";

test("a chat over two replicas: everybody hears everybody, in one order", async () => {
  await using app = await upLocal("chat");
  await tryChat(app.endpoint("chat"));
}, 60_000);
