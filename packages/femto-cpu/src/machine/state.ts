/** Bytes of memory that a program has. */
export const MEMORY_BYTES = 256;
/** Where the output begins; it ends with the memory. */
export const OUTPUT_START = 232;
/** Where the stack pointer starts, and the highest value that it may have. */
export const STACK_START = 231;

/** The registers that an instruction can name, by their number in the program. */
export const REGISTERS = ["A", "B", "C", "D", "SP"] as const;

export type RegisterName = (typeof REGISTERS)[number];

/** All of a machine but its memory. */
export interface State {
  readonly A: number;
  readonly B: number;
  readonly C: number;
  readonly D: number;
  readonly SP: number;
  readonly IP: number;
  readonly zero: boolean;
  readonly carry: boolean;
}

/** A machine that has not taken a step. */
export const START: State = { A: 0, B: 0, C: 0, D: 0, SP: STACK_START, IP: 0, zero: false, carry: false };

/** What ends a run before HLT, in the words that `fault` holds. */
export const FAULTS = {
  divisionByZero: "Division by 0",
  stackOverflow: "Stack overflow",
  stackUnderflow: "Stack underflow",
  memoryAccess: "Memory access violation",
  pastMemory: "Instruction pointer is outside of memory",
  invalidRegister: (register: number) => `Invalid register: ${register}`,
  invalidOpcode: (opcode: number) => `Invalid op code: ${opcode}`,
} as const;

/** Whether an address is one of the machine's. */
export function isAddress(address: number): boolean {
  return address >= 0 && address < MEMORY_BYTES;
}
