import { run, service } from "@hadron/core";
import { http, listenAt, socket } from "@hadron/http";

const web = service(
  "web",
  http({
    "GET /site/hello": () => "hello",
    "GET /site/live": socket(async ({ send, messages }) => {
      for await (const message of messages) await send({ you: message });
    }),
  }),
);
export const site = listenAt("https://shop.localhost/site/*", "*", web, { tls: true });

await run(site);
