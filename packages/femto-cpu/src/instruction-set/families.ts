import type { Effects, Instruction, InstructionSpec, Machine } from "./instruction.ts";
import { instruction } from "./instruction.ts";

const NAMES = { R: "reg", "[R±k]": "regaddress", "[N]": "address", N: "number" } as const;
/** In the order in which the opcodes of a family count up. */
const SOURCES = ["R", "[R±k]", "[N]", "N"] as const;

type Names = typeof NAMES;
type Source = (typeof SOURCES)[number];

type Common = Pick<InstructionSpec<string, string>, "takesSP" | "overwrites">;

/** A register and whatever the other operand may be: four instructions. `names`: of the nodes, around the source. */
export function withRegister<M extends string, V extends string, P extends string>(
  mnemonics: M,
  names: readonly [verb: V, preposition: P],
  opcodes: readonly [number, number, number, number],
  does: string,
  step: (values: readonly [number, number], machine: Machine) => Effects,
  options: Common = {},
): readonly { [S in Source]: Instruction<`${M} R, ${S}`, `${V}-${Names[S]}-${P}-reg`> }[Source][] {
  const [verb, preposition] = names;
  return SOURCES.map((source, position) =>
    instruction(`${mnemonics} R, ${source}`, {
      opcode: opcodes[position]!,
      node: `${verb}-${NAMES[source]}-${preposition}-reg`,
      does,
      step: step as never,
      ...options,
    }),
  ) as never;
}

/** One operand of any kind: four instructions. */
export function withOperand<M extends string, V extends string>(
  mnemonics: M,
  verb: V,
  opcode: number,
  does: string,
  step: (values: readonly [number], machine: Machine) => Effects,
): readonly { [S in Source]: Instruction<`${M} ${S}`, `${V}-${Names[S]}`> }[Source][] {
  return SOURCES.map((source, position) =>
    instruction(`${mnemonics} ${source}`, {
      opcode: opcode + position,
      node: `${verb}-${NAMES[source]}`,
      does,
      step: step as never,
    }),
  ) as never;
}

/** To the address in a register, or to an address: two instructions. */
export function jump<M extends string, V extends string>(
  mnemonics: M,
  verb: V,
  opcode: number,
  does: string,
  step: (values: readonly [number], machine: Machine) => Effects,
): readonly (Instruction<`${M} R`, `${V}-regaddress`> | Instruction<`${M} N`, `${V}-address`>)[] {
  return [
    instruction(`${mnemonics} R`, { opcode, node: `${verb}-regaddress`, does, step: step as never }),
    instruction(`${mnemonics} N`, { opcode: opcode + 1, node: `${verb}-address`, does, step: step as never }),
  ] as never;
}

/** Opcodes that follow each other. */
export function from(opcode: number): readonly [number, number, number, number] {
  return [opcode, opcode + 1, opcode + 2, opcode + 3];
}
