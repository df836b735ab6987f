/** The Extism SDK with its worker. A plug-in takes a call at a time: there is one for each processor, which is when it is fastest. */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import createPlugin, { type Plugin } from "@extism/extism";
import makeWabt from "wabt";
import { type DriveOptions, drive } from "../harness-drive.ts";
import { serveSide } from "../harness-process.ts";
import { KIBIBYTE } from "./inputs.ts";

const source = readFileSync(new URL("./uppercase-extism.wat", import.meta.url), "utf8");
const module = (await makeWabt()).parseWat("uppercase-extism.wat", source);
const wasm = [{ data: new Uint8Array(module.toBinary({}).buffer) }];
const start = () => createPlugin({ wasm }, { runInWorker: true });
const idle = await Promise.all(Array.from({ length: availableParallelism() }, start));
const waiting: ((plugin: Plugin) => void)[] = [];
const expected = KIBIBYTE.toUpperCase();

async function upper(): Promise<void> {
  const plugin = idle.pop() ?? (await new Promise<Plugin>((resolve) => waiting.push(resolve)));
  const answer = (await plugin.call("upper", KIBIBYTE))?.text();
  const next = waiting.shift();
  if (next === undefined) idle.push(plugin);
  else next(plugin);
  if (answer !== expected) throw new Error(`Extism answered ${answer}`);
}

serveSide({ upper: (options: DriveOptions) => drive(upper, options) });
