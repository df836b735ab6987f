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
/** Where the bytes behind the opcode begin in a request. */
export const REQUEST_HEAD = 9;
/** Where the stores begin in a reply. */
export const REPLY_HEAD = 7;

/** `copy`: the program, of which `operands` bytes behind the opcode go along, or as many as there are. */
export function toRequest(
  program: string,
  step: number,
  state: State,
  copy: readonly number[],
  operands: number,
): StepRequest {
  const { A, B, C, D, SP, IP, zero, carry } = state;
  const request: [...StepRequest] = [program, step, A, B, C, D, SP, IP, (zero ? ZERO : 0) | (carry ? CARRY : 0)];
  for (let at = IP + 1; at <= IP + operands && at < copy.length; at++) request.push(copy[at]!);
  return request;
}

/** The machine that a request tells of. */
export function toState(request: StepRequest): State {
  const flags = request[8];
  return {
    A: request[2],
    B: request[3],
    C: request[4],
    D: request[5],
    SP: request[6],
    IP: request[7],
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
