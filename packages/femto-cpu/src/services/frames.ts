import type { State } from "../machine/state.ts";

/**
 * What the cpu sends to a node for one step: the whole machine, memory included, so that the node need not ask for
 * anything. A list, because every step sends one.
 */
export type StepRequest = readonly [
  A: number,
  B: number,
  C: number,
  D: number,
  SP: number,
  IP: number,
  flags: number,
  memory: Uint8Array,
];

/** What a node answers: the machine after the step and what is to be stored (address, byte, …), or, as a text, the fault. */
export type StepReply =
  | string
  | readonly [A: number, B: number, C: number, D: number, SP: number, IP: number, flags: number, ...stores: number[]];

const ZERO = 1;
const CARRY = 2;
const HALTED = 4;
/** Where the memory is in a request. */
export const REQUEST_MEMORY = 7;
/** Where the stores begin in a reply. */
export const REPLY_HEAD = 7;

export function toRequest(state: State, memory: Uint8Array): StepRequest {
  const { A, B, C, D, SP, IP, zero, carry } = state;
  return [A, B, C, D, SP, IP, (zero ? ZERO : 0) | (carry ? CARRY : 0), memory];
}

/** The machine that a request tells of. */
export function toState(request: StepRequest): State {
  const flags = request[6];
  return {
    A: request[0],
    B: request[1],
    C: request[2],
    D: request[3],
    SP: request[4],
    IP: request[5],
    zero: (flags & ZERO) !== 0,
    carry: (flags & CARRY) !== 0,
  };
}

export function toReply(state: State, stores: readonly number[], halted: boolean): Exclude<StepReply, string> {
  const { A, B, C, D, SP, IP, zero, carry } = state;
  const flags = (zero ? ZERO : 0) | (carry ? CARRY : 0) | (halted ? HALTED : 0);
  const reply: [number, number, number, number, number, number, number, ...number[]] = [A, B, C, D, SP, IP, flags];
  for (let i = 0; i < stores.length; i++) reply.push(stores[i]!);
  return reply;
}

/** The machine after the step. Its stores begin at {@link REPLY_HEAD}. */
export function toStateAfter(reply: Exclude<StepReply, string>): State {
  const flags = reply[6];
  return {
    A: reply[0],
    B: reply[1],
    C: reply[2],
    D: reply[3],
    SP: reply[4],
    IP: reply[5],
    zero: (flags & ZERO) !== 0,
    carry: (flags & CARRY) !== 0,
  };
}

/** Whether the step was the program's last. */
export function isHalted(reply: Exclude<StepReply, string>): boolean {
  return (reply[6] & HALTED) !== 0;
}
