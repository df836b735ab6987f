import type { GuestFunction } from "../guest/function.ts";
import { ERRNO, WasiError } from "./errno.ts";
import type { WasiGuest } from "./guest.ts";

const CLOCK = 0;
const ABSOLUTE = 1;
const EVENT_BYTES = 32;
const MOST = 1024;

/** Where in a subscription things are. */
export interface PollLayout {
  readonly bytes: number;
  /** Of a clock: which, until when, and how that is meant. */
  readonly clock: number;
  readonly timeout: number;
  readonly flags: number;
}

export const PREVIEW1_POLL: PollLayout = { bytes: 48, clock: 16, timeout: 24, flags: 40 };
export const UNSTABLE_POLL: PollLayout = { bytes: 56, clock: 24, timeout: 32, flags: 48 };

/** Waits for time; what is open is always ready, since reading and writing wait by themselves. */
export function pollFunctions(guest: WasiGuest, layout: PollLayout): Record<string, GuestFunction> {
  const { memory } = guest;
  const readiness = (fd: number) => {
    try {
      guest.descriptors.get(fd);
      return ERRNO.success;
    } catch (error) {
      if (error instanceof WasiError) return ERRNO[error.errno];
      throw error;
    }
  };
  return {
    poll_oneoff: (from: number, to: number, count: number, result: number) => {
      if (count === 0 || count >>> 0 > MOST) throw new WasiError("inval");
      const subscriptions = Array.from({ length: count }, (_, index) => {
        const at = (from >>> 0) + index * layout.bytes;
        const type = memory.u8(at + 8);
        const user = memory.u64(at);
        if (type !== CLOCK) return { type, user, wait: 0n, errno: readiness(memory.u32(at + 16)) };
        const clock = memory.u32(at + layout.clock) === 0 ? "realtime" : "monotonic";
        const timeout = memory.u64(at + layout.timeout);
        const isAbsolute = (memory.u16(at + layout.flags) & ABSOLUTE) !== 0;
        return { type, user, wait: isAbsolute ? timeout - guest.now(clock) : timeout, errno: ERRNO.success };
      });
      const [soonest = 0n] = subscriptions.map(({ wait }) => wait).sort((a, b) => (a < b ? -1 : 1));
      if (soonest > 0n) waitFor(Number(soonest) / 1e6);
      const ready = subscriptions.filter(({ wait }) => wait <= soonest || wait <= 0n);
      for (const [index, { type, user, errno }] of ready.entries()) {
        const at = (to >>> 0) + index * EVENT_BYTES;
        memory.bytes(at, EVENT_BYTES).fill(0);
        memory.setU64(at, user);
        memory.setU16(at + 8, errno);
        memory.setU8(at + 10, type);
      }
      memory.setU32(result, ready.length);
    },
  };
}

/** Stands still; the end of the thread ends it. */
function waitFor(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
