import { FAULTS } from "../machine/state.ts";
import type { Effects } from "./instruction.ts";

/** The flags that an exact result sets: what is stored of it is its value modulo 256. */
export function flagsOf(exact: number): NonNullable<Effects["flags"]> {
  return { zero: exact === 0, carry: exact > 255 || exact < 0 };
}

/** The result goes to the first operand, and sets the flags. */
export function putResult(exact: number): Effects {
  return { put: [exact], flags: flagsOf(exact) };
}

/** The result goes to A, and sets the flags. */
export function setA(exact: number): Effects {
  return { set: { A: exact }, flags: flagsOf(exact) };
}

/** A quotient, rounded down. */
export function divide(dividend: number, divisor: number): Effects {
  return divisor === 0 ? { fault: FAULTS.divisionByZero } : setA(Math.floor(dividend / divisor));
}

/** Goes there if the condition holds. */
export function jumpIf(condition: boolean, address: number): Effects {
  return condition ? { jump: address } : {};
}
