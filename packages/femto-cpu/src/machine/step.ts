import type { Effects, Instruction } from "../instruction-set/instruction.ts";
import type { RegisterName, State } from "./state.ts";
import { FAULTS, isAddress, REGISTERS, STACK_START } from "./state.ts";

/** A step that cannot be done. Nothing of it happens. */
export interface Faulted {
  readonly fault: string;
}

/** A step whose operands are read; it goes on when the bytes at `loads` are there. */
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

/** Reads the operands. `bytes`: those after the opcode; fewer than the instruction has where the memory ends. */
export function beginStep(instruction: Instruction, state: State, bytes: readonly number[]): Begun | Faulted {
  const values: number[] = [];
  const places: (RegisterName | number | undefined)[] = [];
  const loads: number[] = [];
  const owners: number[] = [];
  for (const [position, kind] of instruction.operands.entries()) {
    const byte = bytes[position];
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
  if (!loads.every(isAddress)) return { fault: FAULTS.memoryAccess };
  if (instruction.pops) {
    if (state.SP + 1 > STACK_START) return { fault: FAULTS.stackUnderflow };
    loads.push(state.SP + 1);
    owners.push(-1);
  }
  return { instruction, state, values, places, loads, owners };
}

/** Does what the instruction means, with the bytes at `begun.loads`. */
export function finishStep(begun: Begun, loaded: readonly number[]): Done | Faulted {
  const { instruction, state, values } = begun;
  let popped = 0;
  for (const [position, owner] of begun.owners.entries()) {
    if (owner === -1) popped = loaded[position]!;
    else values[owner] = loaded[position]!;
  }
  const next = state.IP + 1 + instruction.operands.length;
  const effects = instruction.step(values, { ...state, next, popped });
  return apply(begun, effects, next);
}

function apply({ instruction, state, places }: Begun, effects: Effects, next: number): Done | Faulted {
  if (effects.fault !== undefined) return { fault: effects.fault };
  const after: { -readonly [K in keyof State]: State[K] } = { ...state, ...effects.flags };
  const stores: number[] = [];
  if (instruction.pops) after.SP += 1;
  for (const [position, value] of (effects.put ?? []).entries()) {
    const place = places[position];
    if (typeof place === "number") {
      if (!isAddress(place)) return { fault: FAULTS.memoryAccess };
      stores.push(place, value & 255);
    } else if (place !== undefined) {
      after[place] = value & 255;
    }
  }
  for (const [register, value] of Object.entries(effects.set ?? {})) after[register as RegisterName] = value & 255;
  if (after.SP > STACK_START) return { fault: FAULTS.stackUnderflow };
  if (effects.push !== undefined) {
    // A CALL in the last two bytes would push 256, which is neither a byte nor an address.
    if (!isAddress(effects.push)) return { fault: FAULTS.memoryAccess };
    stores.push(after.SP, effects.push);
    after.SP -= 1;
    if (after.SP < 0) return { fault: FAULTS.stackOverflow };
  }
  after.IP = effects.halt ? state.IP : (effects.jump ?? next);
  return { state: after, stores, halted: effects.halt === true };
}

/** The offset of `[R±k]`: the upper five bits, in two's complement. */
function toOffset(byte: number): number {
  const bits = byte >> 3;
  return bits > 15 ? bits - 32 : bits;
}
