import { bench, type Driven, median } from "../harness.ts";
import { KIBIBYTE } from "./inputs.ts";
import { startWasmtime } from "./wasmtime.ts";

const IN_FLIGHT = 16;
const UPPERCASE = new URL("../../packages/wasm/test/modules/uppercase.wasm", import.meta.url);

await bench("Modules of WebAssembly, a fresh instance for each call", async (b) => {
  const app = await b.app(new URL("./apps/modules.ts", import.meta.url), { sockets: "unix" });
  const pids = app.pids();

  const bare = await b.start(new URL("./round-trip.side.ts", import.meta.url));
  const latency = (of: string) => ({ run: (ms: number) => app.call<Driven>("driver", "latency", { of, ms }), pids });
  const alone = await b.compare(
    {
      module: latency("upper"),
      script: latency("script"),
      bare: { run: (ms) => bare.ask("latency", ms), pids: [bare.pid] },
    },
    { rounds: 9, roundMs: 300, warmMs: 250, budgetMs: 9_000 },
  );
  const took = (side: keyof typeof alone.samples, round: number) =>
    median(alone.samples[side][round]?.latencies ?? [Number.NaN]);
  b.row({
    what: "a warm call, what it takes beyond the same function in TypeScript, against a worker's postMessage both ways",
    atMost: 2,
    aim: 1.3,
    measured: alone.samples.bare.map((_, n) => (took("module", n) - took("script", n)) / took("bare", n)),
  });
  await bare.close();

  const ours = {
    run: (ms: number) => app.call<Driven>("driver", "upper", { inFlight: IN_FLIGHT, ms }),
    pids,
  };
  const options = { rounds: 9, roundMs: 500, warmMs: 400, budgetMs: 14_000 };
  const extism = await b.start(new URL("./extism.side.ts", import.meta.url));
  const plugins = await b.compare(
    {
      ours,
      extism: { run: (ms) => extism.ask<Driven>("upper", { inFlight: IN_FLIGHT, ms }), pids: [extism.pid] },
    },
    options,
  );
  b.row({
    what: `uppercase of 1 KiB through a service, ${IN_FLIGHT} callers, calls a second, against the Extism SDK with its worker, in process`,
    atLeast: 1.5,
    aim: 3,
    measured: plugins.speed("ours", "extism"),
  });
  await extism.close();

  const wasmtime = await startWasmtime(UPPERCASE, KIBIBYTE);
  if (wasmtime === undefined) b.note("wasmtime was not compared: Python has none (pip install wasmtime).");
  else {
    b.defer(wasmtime.close);
    const instances = await b.compare({ ours, wasmtime: { run: wasmtime.run, pids: [wasmtime.pid] } }, options);
    b.row({
      what: "the same program, against wasmtime for Python, instantiating anew",
      atLeast: 0.5,
      aim: 1,
      measured: instances.speed("ours", "wasmtime"),
    });
    await wasmtime.close();
  }
});
