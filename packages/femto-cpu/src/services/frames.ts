import type { State } from "../machine/state.ts";

/**
 * What the cpu sends to a node for one step: which program, which of its steps, the machine, and the bytes behind the
 * opcode. Lists of numbers, because every step sends one each way.
 */
export type StepRequest = readonly [
  program: string,
  step: number,
  A: number,
  B: number,
  C: number,
  D: number,
  SP: number,
  IP: number,
  flags: number,
  ...bytes: number[],
];

/** What a node answers: the machine after the step and what it stored (address, byte, …), or, as a text, the fault. */
export type StepReply =
  | string
  | readonly [A: number, B: number, C: number, D: number, SP: number, IP: number, flags: number, ...stores: number[]];

const ZERO = 1;
const CARRY = 2;
const HALTED = 4;
/** Where the bytes, or the stores, begin. */
const REQUEST_HEAD = 9;
const REPLY_HEAD = 7;

export function toRequest(program: string, step: number, state: State, bytes: readonly number[]): StepRequest {
  const { A, B, C, D, SP, IP, zero, carry } = state;
  return [program, step, A, B, C, D, SP, IP, (zero ? ZERO : 0) | (carry ? CARRY : 0), ...bytes];
}

export function fromRequest(request: StepRequest): { program: string; step: number; state: State; bytes: number[] } {
  const [program, step, A, B, C, D, SP, IP, flags] = request;
  const state = { A, B, C, D, SP, IP, zero: (flags & ZERO) !== 0, carry: (flags & CARRY) !== 0 };
  return { program, step, state, bytes: request.slice(REQUEST_HEAD) as number[] };
}

export function toReply(state: State, stores: readonly number[], halted: boolean): StepReply {
  const { A, B, C, D, SP, IP, zero, carry } = state;
  const flags = (zero ? ZERO : 0) | (carry ? CARRY : 0) | (halted ? HALTED : 0);
  return [A, B, C, D, SP, IP, flags, ...stores];
}

export function fromReply(reply: Exclude<StepReply, string>): { state: State; stores: number[]; halted: boolean } {
  const [A, B, C, D, SP, IP, flags] = reply;
  const state = { A, B, C, D, SP, IP, zero: (flags & ZERO) !== 0, carry: (flags & CARRY) !== 0 };
  return { state, stores: reply.slice(REPLY_HEAD), halted: (flags & HALTED) !== 0 };
}
