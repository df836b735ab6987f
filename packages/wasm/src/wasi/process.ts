import type { GuestFunction } from "../guest/function.ts";
import { WasiError } from "./errno.ts";
import { Exit, type WasiGuest } from "./guest.ts";

const CLOCKS = ["realtime", "monotonic"] as const;
/** At once, so that a guest that asks for a lot of chance can be ended. */
const RANDOM_BYTES = 65_536;

/** Arguments, environment, clocks, chance and the end of a program. */
export function processFunctions(guest: WasiGuest): Record<string, GuestFunction> {
  const { memory } = guest;
  const sizes = (texts: readonly string[], count: number, size: number) => {
    memory.setU32(count, texts.length);
    memory.setU32(
      size,
      texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0),
    );
  };
  const clockOf = (id: number) => {
    const clock = CLOCKS[id >>> 0];
    if (clock === undefined) throw new WasiError("inval");
    return clock;
  };
  return {
    args_get: (table: number, data: number) => memory.writeTexts(table, data, guest.args),
    args_sizes_get: (count: number, size: number) => sizes(guest.args, count, size),
    environ_get: (table: number, data: number) => memory.writeTexts(table, data, guest.env),
    environ_sizes_get: (count: number, size: number) => sizes(guest.env, count, size),
    clock_res_get: (id: number, result: number) => {
      clockOf(id);
      memory.setU64(result, guest.resolution);
    },
    clock_time_get: (id: number, _precision: bigint, result: number) => memory.setU64(result, guest.now(clockOf(id))),
    random_get: (pointer: number, length: number) => {
      const target = memory.bytes(pointer, length);
      for (let at = 0; at < target.length; at += RANDOM_BYTES) guest.random(target.subarray(at, at + RANDOM_BYTES));
    },
    proc_exit: (status: number) => {
      throw new Exit(status >>> 0);
    },
    sched_yield: () => {},
  };
}
