// A chat: each line goes to everybody, whichever replica they are connected to.
//
//   npx tsx examples/chat.ts up, and open the address that it prints in two windows
import { run, service } from "@hadron/core";
import { broadcast, files, http, socket } from "@hadron/http";
import { topic } from "@hadron/resources";
import { z } from "zod";

const Line = z.object({ from: z.string().min(1).max(40), text: z.string().min(1).max(1000) });

/** One key: everybody hears the lines in the same order. */
const said = topic("said", { message: Line, key: () => "all" });

export const room = service("room", broadcast(said));

export const chat = service(
  "chat",
  http({
    "/*": files("./chat"),
    "GET /live": socket({ input: Line, output: Line, hears: room }, async ({ messages, send, context }) => {
      await send({ from: context.replica.name, text: "Welcome." });
      for await (const line of messages) await said.send(line);
    }),
  }),
  { replicas: 2, expose: true, uses: [said, room] },
);

await run(chat, room);
