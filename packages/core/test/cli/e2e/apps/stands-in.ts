import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { text } from "node:stream/consumers";
import { image, onStart, run, service } from "@hadron/core";

const standIn = {
  async [onStart]() {
    const server = createServer((socket) => socket.end(`said by a stand-in in ${process.env.PLACE}`));
    await once(server.listen(0, "127.0.0.1"), "listening");
    return { addresses: { words: `127.0.0.1:${(server.address() as AddressInfo).port}` } };
  },
};

export const speaker = service(
  "speaker",
  image("speaker:1", { ports: { words: 9000 }, env: { PLACE: "its own process" }, standIn }),
  { expose: true },
);

export const reader = service("reader", async () => {
  const { host, port } = await speaker.address("words");
  return text(connect(port, host));
});

await run(speaker, reader);
