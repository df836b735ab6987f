import { divide, flagsOf, jumpIf, putResult, setA } from "./effects.ts";
import { from, jump, withOperand, withRegister } from "./families.ts";
import { instruction } from "./instruction.ts";

const SP = { takesSP: true } as const;

/**
 * The 78 instructions of the femto machine. This is the one place that says what each means: the assembler, the nodes,
 * the types and the table in the README are derived from it.
 */
export const femtoInstructions = [
  instruction("HLT", { opcode: 0, node: "none", does: "ends the program", step: () => ({ halt: true }) }),

  ...withRegister("MOV", ["mov", "to"], [1, 3, 2, 6], "first := second", ([, b]) => ({ put: [b] }), {
    takesSP: true,
    overwrites: true,
  }),
  ...([
    instruction("MOV [N], R", {
      opcode: 4,
      node: "mov-reg-to-address",
      does: "first := second",
      takesSP: true,
      overwrites: true,
      step: ([, b]) => ({ put: [b] }),
    }),
    instruction("MOV [R±k], R", {
      opcode: 5,
      node: "mov-reg-to-regaddress",
      does: "first := second",
      takesSP: true,
      overwrites: true,
      step: ([, b]) => ({ put: [b] }),
    }),
    instruction("MOV [N], N", {
      opcode: 7,
      node: "mov-number-to-address",
      does: "first := second",
      overwrites: true,
      step: ([, b]) => ({ put: [b] }),
    }),
    instruction("MOV [R±k], N", {
      opcode: 8,
      node: "mov-number-to-regaddress",
      does: "first := second",
      overwrites: true,
      step: ([, b]) => ({ put: [b] }),
    }),
  ] as const),

  ...withRegister("ADD", ["add", "to"], from(10), "first := first + second", ([a, b]) => putResult(a + b), SP),
  ...withRegister(
    "ADC",
    ["adc", "to"],
    from(100),
    "first := first + second + carry",
    ([a, b], { carry }) => putResult(a + b + (carry ? 1 : 0)),
    SP,
  ),
  ...withRegister("SUB", ["sub", "from"], from(14), "first := first − second", ([a, b]) => putResult(a - b), SP),
  instruction("INC R", { opcode: 18, node: "inc-reg", does: "it := it + 1", ...SP, step: ([a]) => putResult(a + 1) }),
  instruction("DEC R", { opcode: 19, node: "dec-reg", does: "it := it − 1", ...SP, step: ([a]) => putResult(a - 1) }),
  ...withRegister(
    "CMP",
    ["cmp", "with"],
    from(20),
    "flags of first − second",
    ([a, b]) => ({ flags: flagsOf(a - b) }),
    SP,
  ),

  ...jump("JMP", "jmp", 30, "goes there", ([to]) => ({ jump: to })),
  ...jump("JC|JB|JNAE", "jc", 32, "goes there if carry", ([to], { carry }) => jumpIf(carry, to)),
  ...jump("JNC|JNB|JAE", "jnc", 34, "goes there if no carry", ([to], { carry }) => jumpIf(!carry, to)),
  ...jump("JZ|JE", "jz", 36, "goes there if zero", ([to], { zero }) => jumpIf(zero, to)),
  ...jump("JNZ|JNE", "jnz", 38, "goes there if not zero", ([to], { zero }) => jumpIf(!zero, to)),
  ...jump("JA|JNBE", "ja", 40, "goes there if neither zero nor carry", ([to], { zero, carry }) =>
    jumpIf(!zero && !carry, to),
  ),
  ...jump("JNA|JBE", "jna", 42, "goes there if zero or carry", ([to], { zero, carry }) => jumpIf(zero || carry, to)),

  ...withOperand("PUSH", "push", 50, "[SP] := it, SP := SP − 1", ([a]) => ({ push: a })),
  instruction("POP R", {
    opcode: 54,
    node: "pop-reg",
    does: "SP := SP + 1, it := [SP]",
    overwrites: true,
    pops: true,
    step: (_, { popped }) => ({ put: [popped] }),
  }),
  ...jump("CALL", "call", 55, "pushes the address after it, goes there", ([to], { next }) => ({
    push: next,
    jump: to,
  })),
  instruction("RET", {
    opcode: 57,
    node: "ret",
    does: "pops the address where it goes",
    pops: true,
    step: (_, { popped }) => ({ jump: popped }),
  }),

  ...withOperand("MUL", "mul", 60, "A := A × it", ([b], { A }) => setA(A * b)),
  ...withOperand("DIV", "div", 64, "A := A ÷ it, rounded down", ([b], { A }) => divide(A, b)),

  ...withRegister("AND", ["and", "with"], from(70), "first := first and second", ([a, b]) => putResult(a & b)),
  ...withRegister("OR", ["or", "with"], from(74), "first := first or second", ([a, b]) => putResult(a | b)),
  ...withRegister("XOR", ["xor", "with"], from(78), "first := first xor second", ([a, b]) => putResult(a ^ b)),
  instruction("NOT R", { opcode: 82, node: "not-reg", does: "it := not it, on 32 bits", step: ([a]) => putResult(~a) }),
  ...withRegister("SHL|SAL", ["shl", "with"], from(90), "first := first << second, on 32 bits", ([a, b]) =>
    putResult(a << b),
  ),
  ...withRegister("SHR|SAR", ["shr", "with"], from(94), "first := first >>> second, on 32 bits", ([a, b]) =>
    putResult(a >>> b),
  ),
] as const;

/** The name of a node of the femto machine. */
export type NodeName = (typeof femtoInstructions)[number]["node"];

type MnemonicOf<Names extends string> = Names extends `${infer First}|${infer Rest}` ? First | MnemonicOf<Rest> : Names;
type NamesOf<Syntax extends string> = Syntax extends `${infer Names} ${string}` ? Names : Syntax;

/** The name of an instruction of the femto machine, in capitals. */
export type Mnemonic = MnemonicOf<NamesOf<(typeof femtoInstructions)[number]["syntax"]>>;
