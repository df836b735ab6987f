/**
 * What the own HTTP client earns, on the path that it is there for: a program outside, a script or a web server, calls
 * through `connect(url)`. The other side is the same program over `node:http` alone, to the same replica.
 */
import { bench, type Driven, type Side } from "../harness.ts";

const MANY = 64;

await bench("A program outside that calls through connect(url), against node:http to the same replica", async (b) => {
  const app = await b.app(new URL("../../examples/hello.ts", import.meta.url), { sockets: "tcp" });
  const startProgram = async (how: "connect" | "plain") => {
    const side = await b.start(new URL("./http-caller.side.ts", import.meta.url));
    await side.ask(how, { url: app.url("hello") });
    return side;
  };
  const ours = await startProgram("connect");
  const plain = await startProgram("plain");
  const load = (side: Side, inFlight: number) => ({
    run: (ms: number) => side.ask<Driven>("drive", { inFlight, ms }),
    pids: [side.pid, ...app.pids()],
  });
  const rounds = await b.compare(
    { ours: load(ours, MANY), plain: load(plain, MANY), oursAlone: load(ours, 1), plainAlone: load(plain, 1) },
    { rounds: 21, roundMs: 250, warmMs: 1000 },
  );
  const many = `${MANY} in flight`;
  b.row({ what: `calls a second, ${many}`, atLeast: 1.3, aim: 1.5, measured: rounds.speed("ours", "plain") });
  b.row({ what: `CPU time a call, both sides, ${many}`, atMost: 0.8, measured: rounds.cpu("ours", "plain") });
  b.row({ what: "calls a second, one at a time", measured: rounds.speed("oursAlone", "plainAlone") });
  b.row({ what: "CPU time a call, both sides, one at a time", measured: rounds.cpu("oursAlone", "plainAlone") });
});
