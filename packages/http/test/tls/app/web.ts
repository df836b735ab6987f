import { run, service } from "@hadron/core";
import { addressOf, http, socket } from "@hadron/http";

const routes = http({
  "GET /": ({ request, context }) => ({ url: request.url, replica: context.replica.name }),
  "GET /cookies": () =>
    new Response(null, {
      headers: [
        ["set-cookie", "a=1"],
        ["set-cookie", "b=2"],
      ],
    }),
  "POST /echo": ({ body }) => body,
  "GET /events": async function* () {
    yield 1;
    yield 2;
  },
  "GET /live": socket(async ({ send, messages }) => {
    for await (const message of messages) await send(message);
  }),
});

const own = service("own", routes, { replicas: 2, expose: { tls: true } });
const given = service("given", routes, { expose: { tls: { cert: "made/cert.pem", key: "made/key.pem" } } });
const greet = service("greet", (name: string) => `Hello, ${name}!`, { expose: { tls: true } });

const behind = service("behind", http({ "GET /": ({ request }) => addressOf(request) ?? null }), {
  expose: { tls: true, proxyProtocol: ["127.0.0.1"], connectionsPerAddress: 1 },
});

await run(own, given, greet, behind);
