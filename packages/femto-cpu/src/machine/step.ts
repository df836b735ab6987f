import type { Effects, Instruction } from "../instruction-set/instruction.ts";
import type { RegisterName, State } from "./state.ts";
import { FAULTS, isAddress, REGISTERS, STACK_START } from "./state.ts";

/** A step that cannot be done. Nothing of it happens. */
export interface Faulted {
  readonly fault: string;
}

/** A step whose operands are read; it goes on with the bytes at `loads`. */
export interface Begun {
  readonly fault?: undefined;
  readonly instruction: Instruction;
  readonly state: State;
  /** By operand; 0 for a byte that is still to be loaded. */
  readonly values: number[];
  /** Where each operand stands, so that it can be written: a register, an address, or nowhere. */
  readonly places: readonly (RegisterName | number | undefined)[];
  /** The addresses of the bytes that are needed, all within memory. */
  readonly loads: readonly number[];
  /** For each of `loads` the operand that it is the value of; -1: it comes off the stack. */
  readonly owners: readonly number[];
}

/** A step that is done, once `stores` are in memory. */
export interface Done {
  readonly fault?: undefined;
  readonly state: State;
  /** Address, byte, address, byte, … */
  readonly stores: readonly number[];
  readonly halted: boolean;
}

// Every step of every program runs through here, in processes that are seldom warm: plain loops over lists and objects of
// one shape take a tenth of what spreading and iterators would.

/**
 * Reads the operands. `bytes[from]` and on: those after the opcode; fewer than the instruction has where the memory ends.
 */
export function beginStep(instruction: Instruction, state: State, bytes: ArrayLike<number>, from = 0): Begun | Faulted {
  const values: number[] = [];
  const places: (RegisterName | number | undefined)[] = [];
  const loads: number[] = [];
  const owners: number[] = [];
  const { operands } = instruction;
  for (let position = 0; position < operands.length; position++) {
    const kind = operands[position]!;
    const byte = bytes[from + position];
    if (byte === undefined) return { fault: FAULTS.memoryAccess };
    if (kind === "N") {
      values.push(byte);
      places.push(undefined);
    } else if (kind === "R") {
      const register = REGISTERS[byte];
      if (register === undefined || (register === "SP" && !instruction.takesSP)) {
        return { fault: FAULTS.invalidRegister(byte) };
      }
      values.push(state[register]);
      places.push(register);
    } else {
      const register = kind === "[N]" ? undefined : REGISTERS[byte % 8];
      if (kind === "[R±k]" && register === undefined) return { fault: FAULTS.invalidRegister(byte % 8) };
      const address = register === undefined ? byte : state[register] + toOffset(byte);
      values.push(0);
      places.push(address);
      if (position > 0 || !instruction.overwrites) {
        loads.push(address);
        owners.push(position);
      }
    }
  }
  for (let i = 0; i < loads.length; i++) if (!isAddress(loads[i]!)) return { fault: FAULTS.memoryAccess };
  if (instruction.pops) {
    if (state.SP + 1 > STACK_START) return { fault: FAULTS.stackUnderflow };
    loads.push(state.SP + 1);
    owners.push(-1);
  }
  return { instruction, state, values, places, loads, owners };
}

/** Does what the instruction means, with the bytes at `begun.loads`. */
export function finishStep(begun: Begun, loaded: readonly number[]): Done | Faulted {
  const { instruction, owners, state, values } = begun;
  let popped = 0;
  for (let i = 0; i < owners.length; i++) {
    const owner = owners[i]!;
    if (owner === -1) popped = loaded[i]!;
    else values[owner] = loaded[i]!;
  }
  const { A, B, C, D, SP, IP, zero, carry } = state;
  const next = IP + 1 + instruction.operands.length;
  const effects = instruction.step(values, { A, B, C, D, SP, IP, zero, carry, next, popped });
  return apply(begun, effects, next);
}

function apply({ instruction, state, places }: Begun, effects: Effects, next: number): Done | Faulted {
  const { fault, flags, halt, jump, push, put, set } = effects;
  if (fault !== undefined) return { fault };
  const { A, B, C, D, SP, IP } = state;
  const { zero, carry } = flags ?? state;
  const after: { -readonly [K in keyof State]: State[K] } = { A, B, C, D, SP, IP, zero, carry };
  const stores: number[] = [];
  if (instruction.pops) after.SP += 1;
  if (put !== undefined) {
    for (let position = 0; position < put.length; position++) {
      const place = places[position];
      const byte = put[position]! & 255;
      if (typeof place === "number") {
        if (!isAddress(place)) return { fault: FAULTS.memoryAccess };
        stores.push(place, byte);
      } else if (place !== undefined) {
        after[place] = byte;
      }
    }
  }
  if (set !== undefined) {
    for (const register of REGISTERS) {
      const value = set[register];
      if (value !== undefined) after[register] = value & 255;
    }
  }
  if (after.SP > STACK_START) return { fault: FAULTS.stackUnderflow };
  if (push !== undefined) {
    // A CALL in the last two bytes would push 256, which is neither a byte nor an address.
    if (!isAddress(push)) return { fault: FAULTS.memoryAccess };
    stores.push(after.SP, push);
    after.SP -= 1;
    if (after.SP < 0) return { fault: FAULTS.stackOverflow };
  }
  after.IP = halt ? IP : (jump ?? next);
  return { state: after, stores, halted: halt === true };
}

/** The offset of `[R±k]`: the upper five bits, in two's complement. */
function toOffset(byte: number): number {
  const bits = byte >> 3;
  return bits > 15 ? bits - 32 : bits;
}
