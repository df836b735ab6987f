import { type BenchApp, bench, type Driven } from "../harness.ts";
import { startJaysonPair } from "../local/jayson.ts";

await bench("From replica to replica, traced and with deadlines, against jayson to jayson", async (b) => {
  const file = new URL("./apps/pair.ts", import.meta.url);
  const [unix, tcp] = [await b.app(file, { sockets: "unix" }), await b.app(file, { sockets: "tcp" })];
  const theirs = await startJaysonPair(b);

  const ours = (app: BenchApp, procedure: string, inFlight: number) => ({
    run: (ms: number) => app.call<Driven>("caller", procedure, { inFlight, ms }),
    pids: app.pids(),
  });
  const against = (procedure: string, params: readonly unknown[], inFlight: number) => ({
    run: (ms: number) => theirs.caller.ask<Driven>("drive", { procedure, params, inFlight, ms }),
    pids: theirs.pids,
  });
  const compare = (procedure: string, params: readonly unknown[], inFlight: number) =>
    b.compare(
      {
        unix: ours(unix, procedure, inFlight),
        tcp: ours(tcp, procedure, inFlight),
        jayson: against(procedure, params, inFlight),
      },
      { rounds: 9, roundMs: 350, warmMs: 800 },
    );

  const many = await compare("hello", ["Ann"], 64);
  b.row({
    what: "calls a second, 64 in flight, Unix sockets",
    atLeast: 8,
    aim: 18,
    measured: many.speed("unix", "jayson"),
  });
  b.row({ what: "calls a second, 64 in flight, TCP", atLeast: 8, aim: 18, measured: many.speed("tcp", "jayson") });
  b.row({
    what: "CPU time a call, both sides, 64 in flight, Unix sockets",
    atMost: 0.12,
    aim: 0.04,
    measured: many.cpu("unix", "jayson"),
  });
  b.row({
    what: "CPU time a call, both sides, 64 in flight, TCP",
    atMost: 0.12,
    aim: 0.04,
    measured: many.cpu("tcp", "jayson"),
  });
  const single = await compare("hello", ["Ann"], 1);
  b.row({
    what: "calls a second, 1 in flight, Unix sockets",
    atLeast: 1.5,
    aim: 2.5,
    measured: single.speed("unix", "jayson"),
  });
  b.row({ what: "calls a second, 1 in flight, TCP", atLeast: 1.5, aim: 2.5, measured: single.speed("tcp", "jayson") });
  const large = await compare("floats", [], 8);
  b.row({
    what: "a reply of 10,000 floats, 8 in flight, Unix sockets",
    atLeast: 4,
    aim: 8,
    measured: large.speed("unix", "jayson"),
  });
  b.row({
    what: "a reply of 10,000 floats, 8 in flight, TCP",
    atLeast: 4,
    aim: 8,
    measured: large.speed("tcp", "jayson"),
  });
  b.row({ what: "CPU time a call of it, both sides, Unix sockets", measured: large.cpu("unix", "jayson") });
});
