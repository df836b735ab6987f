import { readFileSync } from "node:fs";
import { bench, type Driven } from "../harness.ts";

const CONNECTIONS = 16;
const BODY = JSON.stringify({ name: "ann" });
const UPPERCASE = new URL("../../packages/wasm/test/modules/uppercase.wasm", import.meta.url);

await bench(`The platform, under an outside load generator, ${CONNECTIONS} connections`, async (b) => {
  let log = "";
  const logged = (text: string) => {
    log += text;
  };
  const app = await b.app(new URL("./apps/platform.ts", import.meta.url), { sockets: "unix", logged });
  const token = /shown this once: ([\w-]+)/.exec(log)?.[1];
  const admin = async (path: string, body: object) => {
    const url = `${app.url("cluster")}/my-own-cluster/api/${path}`;
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
  };
  const bytes = readFileSync(UPPERCASE).toString("base64");
  await admin("blob/register", { name: "uppercase", content_type: "application/wasm", bytes });
  await admin("function/plug", { method: "POST", path: "/upper", name: "uppercase" });

  const load = async (service: string) => {
    const port = Number(new URL(app.url(service)).port);
    const side = await b.start(new URL("../local/generator.side.ts", import.meta.url));
    await side.ask("open", {
      port,
      connections: CONNECTIONS,
      path: "/upper",
      body: BODY,
      expected: BODY.toUpperCase(),
    });
    return { run: (ms: number) => side.ask<Driven>("load", { ms }), pids: app.pids(service) };
  };
  const sides = { platform: await load("cluster"), script: await load("script") };
  const rounds = await b.compare(sides, { warmMs: 800 });
  b.row({
    what: "requests a second of a module that is plugged in, against the same as a route in TypeScript",
    atLeast: 0.3,
    aim: 0.6,
    measured: rounds.speed("platform", "script"),
  });
});
