import { describe, expect, expectTypeOf, test } from "vitest";
import {
  assemble,
  femtoInstructions,
  instruction,
  instructionSet,
  type Mnemonic,
  type NodeName,
} from "../../src/index.ts";
import { runLocally } from "../machine/run-locally.ts";
import { interpret, type Outcome } from "../reference/interpreter.ts";

const set = instructionSet(femtoInstructions);

interface After {
  A?: number;
  B?: number;
  C?: number;
  D?: number;
  SP?: number;
  IP?: number;
  zero?: boolean;
  carry?: boolean;
  fault?: string;
  /** Bytes of memory that must hold these. */
  at?: Readonly<Record<number, number>>;
}

/** Opcode, node, a program whose instruction under test is the one behind `>`, and what holds after that step. */
type Cell = readonly [opcode: number, node: NodeName, program: string, after: After];

const C = { carry: true, zero: false };
const Z = { carry: false, zero: true };
const NONE = { carry: false, zero: false };
/** Sets the flags without a trace in the registers. */
const CARRY = "CMP B, 1";
const ZERO = "CMP B, 0";

// One by one from the tables of the machine's description.
const cells: readonly Cell[] = [
  [1, "mov-reg-to-reg", "MOV B, 7 > MOV A, B", { A: 7, B: 7 }],
  [3, "mov-regaddress-to-reg", "MOV [92], 9; MOV B, 90 > MOV A, [B+2]", { A: 9 }],
  [2, "mov-address-to-reg", "MOV [90], 9 > MOV C, [90]", { C: 9 }],
  [6, "mov-number-to-reg", "> MOV D, 255", { D: 255, ...NONE }],
  [10, "add-reg-to-reg", "MOV A, 250; MOV B, 10 > ADD A, B", { A: 4, B: 10, ...C }],
  [11, "add-regaddress-to-reg", "MOV [88], 3; MOV B, 90; MOV A, 4 > ADD A, [B-2]", { A: 7, ...NONE }],
  [12, "add-address-to-reg", "MOV [90], 1; MOV A, 255 > ADD A, [90]", { A: 0, ...C }],
  [13, "add-number-to-reg", "> ADD A, 0", { A: 0, ...Z }],
  [100, "adc-reg-to-reg", `MOV A, 1; MOV C, 2; ${CARRY} > ADC A, C`, { A: 4, ...NONE }],
  [101, "adc-regaddress-to-reg", `MOV [90], 254; MOV C, 90; MOV A, 1; ${CARRY} > ADC A, [C]`, { A: 0, ...C }],
  [102, "adc-address-to-reg", "MOV [90], 5; MOV A, 1 > ADC A, [90]", { A: 6, ...NONE }],
  [103, "adc-number-to-reg", `MOV A, 255; ${CARRY} > ADC A, 255`, { A: 255, ...C }],
  [14, "sub-reg-from-reg", "MOV A, 1; MOV B, 2 > SUB A, B", { A: 255, ...C }],
  [15, "sub-regaddress-from-reg", "MOV [90], 5; MOV B, 90; MOV A, 5 > SUB A, [B]", { A: 0, ...Z }],
  [16, "sub-address-from-reg", "MOV [90], 5; MOV A, 9 > SUB A, [90]", { A: 4, ...NONE }],
  [17, "sub-number-from-reg", "> SUB D, 255", { D: 1, ...C }],
  [20, "cmp-reg-with-reg", "MOV A, 5; MOV B, 5 > CMP A, B", { A: 5, B: 5, ...Z }],
  [21, "cmp-regaddress-with-reg", "MOV [90], 6; MOV B, 90; MOV A, 5 > CMP A, [B]", { A: 5, ...C }],
  [22, "cmp-address-with-reg", "MOV [90], 4; MOV A, 5 > CMP A, [90]", { A: 5, ...NONE }],
  [23, "cmp-number-with-reg", "MOV A, 5 > CMP A, 6", { A: 5, ...C }],
  [70, "and-reg-with-reg", `MOV A, 12; MOV C, 10; ${CARRY} > AND A, C`, { A: 8, ...NONE }],
  [71, "and-regaddress-with-reg", "MOV [90], 3; MOV B, 90; MOV A, 12 > AND A, [B]", { A: 0, ...Z }],
  [72, "and-address-with-reg", "MOV [90], 255; MOV A, 12 > AND A, [90]", { A: 12, ...NONE }],
  [73, "and-number-with-reg", "MOV A, 255 > AND A, 0xF0", { A: 240, ...NONE }],
  [74, "or-reg-with-reg", "MOV A, 12; MOV B, 3 > OR A, B", { A: 15, ...NONE }],
  [75, "or-regaddress-with-reg", "MOV B, 90 > OR A, [B]", { A: 0, ...Z }],
  [76, "or-address-with-reg", "MOV [90], 128; MOV A, 1 > OR A, [90]", { A: 129, ...NONE }],
  [77, "or-number-with-reg", `${CARRY} > OR C, 1`, { C: 1, ...NONE }],
  [78, "xor-reg-with-reg", "MOV A, 9 > XOR A, A", { A: 0, ...Z }],
  [79, "xor-regaddress-with-reg", "MOV [90], 255; MOV B, 90; MOV A, 15 > XOR A, [B]", { A: 240, ...NONE }],
  [80, "xor-address-with-reg", "MOV [90], 1; MOV A, 3 > XOR A, [90]", { A: 2, ...NONE }],
  [81, "xor-number-with-reg", "MOV A, 255 > XOR A, 255", { A: 0, ...Z }],
  [90, "shl-reg-with-reg", "MOV A, 3; MOV B, 1 > SHL A, B", { A: 6, ...NONE }],
  [91, "shl-regaddress-with-reg", "MOV [90], 7; MOV B, 90; MOV A, 3 > SHL A, [B]", { A: 128, ...C }],
  [92, "shl-address-with-reg", "MOV [90], 31; MOV A, 2 > SHL A, [90]", { A: 0, ...Z }],
  [93, "shl-number-with-reg", "MOV A, 1 > SAL A, 32", { A: 1, ...NONE }],
  [94, "shr-reg-with-reg", "MOV A, 3; MOV B, 1 > SHR A, B", { A: 1, ...NONE }],
  [95, "shr-regaddress-with-reg", "MOV [90], 2; MOV B, 90; MOV A, 3 > SHR A, [B]", { A: 0, ...Z }],
  [96, "shr-address-with-reg", "MOV [90], 33; MOV A, 4 > SHR A, [90]", { A: 2, ...NONE }],
  [97, "shr-number-with-reg", `MOV A, 255; ${CARRY} > SAR A, 4`, { A: 15, ...NONE }],

  [60, "mul-reg", "MOV A, 16; MOV B, 16 > MUL B", { A: 0, B: 16, ...C }],
  [61, "mul-regaddress", "MOV [90], 3; MOV B, 90; MOV A, 5 > MUL [B]", { A: 15, ...NONE }],
  [62, "mul-address", "MOV A, 5 > MUL [90]", { A: 0, ...Z }],
  [63, "mul-number", "MOV A, 2 > MUL 100", { A: 200, ...NONE }],
  [64, "div-reg", "MOV A, 7; MOV B, 2 > DIV B", { A: 3, ...NONE }],
  [65, "div-regaddress", "MOV [90], 9; MOV B, 90; MOV A, 7 > DIV [B]", { A: 0, ...Z }],
  [66, "div-address", "MOV A, 7 > DIV [90]", { A: 7, fault: "Division by 0" }],
  [67, "div-number", "MOV A, 255 > DIV 255", { A: 1, ...NONE }],
  [50, "push-reg", "MOV C, 5 > PUSH C", { SP: 230, at: { 231: 5 } }],
  [51, "push-regaddress", "MOV [90], 8; MOV B, 74 > PUSH [B+15]", { SP: 230, at: { 231: 0 } }],
  [52, "push-address", "MOV [90], 8 > PUSH [90]", { SP: 230, at: { 231: 8 } }],
  [53, "push-number", `${CARRY} > PUSH 0`, { SP: 230, ...C }],

  [4, "mov-reg-to-address", "MOV D, 4 > MOV [200], D", { at: { 200: 4 } }],
  [5, "mov-reg-to-regaddress", "MOV D, 216; MOV A, 6 > MOV [D-16], A", { at: { 200: 6 } }],
  [7, "mov-number-to-address", `${ZERO} > MOV [255], 3`, { at: { 255: 3 }, ...Z }],
  [8, "mov-number-to-regaddress", "> MOV [SP+1], 'H'", { at: { 232: 72 } }],

  [18, "inc-reg", "MOV B, 255 > INC B", { B: 0, ...C }],
  [19, "dec-reg", "MOV B, 1 > DEC B", { B: 0, ...Z }],
  [82, "not-reg", "MOV B, 255 > NOT B", { B: 0, ...C }],
  [54, "pop-reg", `PUSH 9; ${CARRY} > POP D`, { D: 9, SP: 231, ...C }],
  [57, "ret", "PUSH 77 > RET", { IP: 77, SP: 231 }],
  [0, "none", "MOV A, 1 > HLT", { A: 1, IP: 3 }],

  [30, "jmp-regaddress", "MOV A, 50 > JMP A", { IP: 50 }],
  [31, "jmp-address", "> JMP 60", { IP: 60 }],
  [32, "jc-regaddress", `MOV A, 50; ${CARRY} > JC A`, { IP: 50 }],
  [33, "jc-address", `${ZERO} > JB 60`, { IP: 5 }],
  [34, "jnc-regaddress", `MOV A, 50; ${CARRY} > JNC A`, { IP: 8 }],
  [35, "jnc-address", `${ZERO} > JAE 60`, { IP: 60 }],
  [36, "jz-regaddress", `MOV A, 50; ${ZERO} > JZ A`, { IP: 50 }],
  [37, "jz-address", `${CARRY} > JE 60`, { IP: 5 }],
  [38, "jnz-regaddress", `MOV A, 50; ${ZERO} > JNZ A`, { IP: 8 }],
  [39, "jnz-address", `${CARRY} > JNE 60`, { IP: 60 }],
  [40, "ja-regaddress", "MOV A, 50 > JA A", { IP: 50 }],
  [41, "ja-address", `${ZERO} > JNBE 60`, { IP: 5 }],
  [42, "jna-regaddress", `MOV A, 50; ${ZERO} > JNA A`, { IP: 50 }],
  [43, "jna-address", "> JBE 60", { IP: 2 }],
  [55, "call-regaddress", "MOV A, 50 > CALL A", { IP: 50, SP: 230, at: { 231: 5 } }],
  [56, "call-address", "> CALL 60", { IP: 60, SP: 230, at: { 231: 2 } }],
];

/** Assembles a cell's program; how many steps lead up to and through the one under test, and that one's address. */
function toProgram(text: string): { bytes: readonly number[]; steps: number; address: number } {
  const [before = "", under = ""] = text.split(">");
  const setup = before.split(";").filter((line) => line.trim() !== "");
  const address = assemble(set, setup.join("\n")).bytes.length;
  return { bytes: assemble(set, [...setup, under].join("\n")).bytes, steps: setup.length + 1, address };
}

function check(outcome: Outcome, after: After): void {
  const { zero, carry, fault, at = {}, ...registers } = after;
  expect(outcome.fault).toBe(fault ?? null);
  expect(outcome.registers).toMatchObject(registers);
  if (zero !== undefined) expect(outcome.flags).toEqual({ zero, carry });
  for (const [address, byte] of Object.entries(at))
    expect([address, outcome.memory[Number(address)]]).toEqual([address, byte]);
}

describe("every cell of the tables", () => {
  test.each(cells)("%i %s: %s", (opcode, node, text, after) => {
    const { bytes, steps, address } = toProgram(text);
    expect(bytes[address]).toBe(opcode);
    expect(set.byOpcode[opcode]?.node).toBe(node);
    check(runLocally(set, bytes, steps), after);
    check(interpret(bytes, steps), after);
  });

  test("are 78, each an instruction and a node of its own", () => {
    expect(cells.length).toBe(78);
    expect(new Set(cells.map(([, node]) => node)).size).toBe(78);
    expect(new Set(cells.map(([opcode]) => opcode))).toEqual(new Set(femtoInstructions.map(({ opcode }) => opcode)));
  });
});

describe("names that mean the same", () => {
  test.each([
    ["SHL", "SAL"],
    ["SHR", "SAR"],
    ["JC", "JB", "JNAE"],
    ["JNC", "JNB", "JAE"],
    ["JZ", "JE"],
    ["JNZ", "JNE"],
    ["JA", "JNBE"],
    ["JNA", "JBE"],
  ])("%s %s %s", (...names) => {
    const given = names.filter((name) => name !== undefined);
    const operand = given[0]!.startsWith("S") ? "A, 1" : "A";
    const codes = given.map((name) => assemble(set, `${name} ${operand}`).bytes.join());
    expect(new Set(codes).size).toBe(1);
  });
});

/** A condition holds for exactly these flags. */
test.each([
  ["JC", [false, true, false]],
  ["JNC", [true, false, true]],
  ["JZ", [false, false, true]],
  ["JNZ", [true, true, false]],
  ["JA", [true, false, false]],
  ["JNA", [false, true, true]],
])("%s jumps as the flags say: none, carry, zero", (name, taken) => {
  for (const [index, flags] of ["CMP SP, 1", "CMP A, 1", "CMP A, 0"].entries()) {
    const { registers } = runLocally(set, assemble(set, `${flags}\n${name} 60`).bytes, 2);
    expect(registers.IP).toBe(taken[index] ? 60 : 5);
  }
});

describe("the stack pointer as a register", () => {
  const all = ["MOV", "ADD", "ADC", "SUB", "CMP"].flatMap((name) => [
    `${name} SP, A`,
    `${name} A, SP`,
    `${name} SP, [SP]`,
    `${name} SP, [9]`,
    `${name} SP, 0`,
  ]);
  test.each([...all, "MOV [9], SP", "MOV [A], SP", "INC SP", "DEC SP"])("%s takes it", (line) => {
    expect(() => assemble(set, line)).not.toThrow();
  });

  const logic = ["AND", "OR", "XOR", "SHL", "SHR"].flatMap((name) => [`${name} SP, 1`, `${name} A, SP`]);
  const single = ["MUL", "DIV", "PUSH", "POP", "NOT", "JMP", "JC", "CALL"].map((name) => `${name} SP`);
  test.each([...logic, ...single])("%s does not", (line) => {
    expect(() => assemble(set, line)).toThrow(/operands that \w+ does not take: SP; expected A, B, C or D/);
    const { bytes } = assemble(set, line.replace("SP", "D"));
    const broken = bytes.map((byte, index) => (index > 0 && byte === 3 ? 4 : byte));
    expect(runLocally(set, broken).fault).toBe("Invalid register: 4");
  });

  test.each([
    ["MOV SP, 232", "Stack underflow"],
    ["INC SP", "Stack underflow"],
    ["ADD SP, 1", "Stack underflow"],
    ["CMP A, 1\nADC SP, 0", "Stack underflow"],
    ["MOV SP, 0\nDEC SP", "Stack underflow"],
    ["MOV SP, 3\nSUB SP, 4", "Stack underflow"],
  ])("%s is out of bounds", (source, fault) => {
    expect(runLocally(set, assemble(set, source).bytes).fault).toBe(fault);
    expect(interpret(assemble(set, source).bytes).fault).toBe(fault);
  });

  test("wraps around like every register, and is then judged by what is stored", () => {
    expect(runLocally(set, assemble(set, "MOV SP, 200\nADD SP, 100\nHLT").bytes).registers.SP).toBe(44);
  });
});

describe("faults", () => {
  test.each([
    ["Division by 0", "DIV A"],
    ["Stack overflow", "MOV SP, 0\nPUSH 1"],
    ["Stack overflow", "MOV SP, 0\nCALL 9"],
    ["Stack underflow", "POP A"],
    ["Stack underflow", "RET"],
    ["Memory access violation", "MOV A, [B-1]"],
    ["Memory access violation", "MOV B, 255\nMOV [B+1], A"],
    ["Memory access violation", "JMP 255\nx: DB 0\n".concat("DB 0\n".repeat(252), "DB 18")],
    ["Memory access violation", "JMP 254\n".concat("DB 0\n".repeat(252), "CALL 9")],
    ["Invalid register: 4", "DB 50\nDB 4"],
    ["Invalid register: 5", "DB 1\nDB 5\nDB 0"],
    ["Invalid register: 255", "DB 1\nDB 0\nDB 255"],
    ["Invalid register: 7", "DB 3\nDB 0\nDB 15"],
    ["Instruction pointer is outside of memory", "JMP 254\n".concat("DB 0\n".repeat(252), "INC A")],
    ["Invalid op code: 9", "DB 9"],
    ["Invalid op code: 255", "DB 255"],
  ])("%s ends %j", (fault, source) => {
    const { bytes } = assemble(set, source);
    expect(runLocally(set, bytes)).toMatchObject({ state: "faulted", fault });
    expect(interpret(bytes)).toMatchObject({ state: "faulted", fault });
  });

  test("leave everything as it was before the step, which does not count", () => {
    const outcome = runLocally(set, assemble(set, "CMP A, 1\nMOV SP, 0\nPUSH 1").bytes);
    expect(outcome).toMatchObject({ steps: 2, registers: { SP: 0, IP: 6 }, flags: { carry: true, zero: false } });
    expect(outcome.memory[0]).toBe(23);
  });
});

test("the names of nodes and instructions are types", () => {
  expectTypeOf<"add-reg-to-reg">().toExtend<NodeName>();
  expectTypeOf<"none">().toExtend<NodeName>();
  expectTypeOf<"add-reg">().not.toExtend<NodeName>();
  expectTypeOf<"JNAE" | "HLT" | "MOV" | "SAL">().toExtend<Mnemonic>();
  expectTypeOf<"SWAP">().not.toExtend<Mnemonic>();
  instruction("ONE R", {
    opcode: 110,
    node: "one",
    does: "",
    // @ts-expect-error: it has one operand
    step: ([, second]) => ({ put: [second] }),
  });
});

describe("declaring instructions", () => {
  const spec = { opcode: 110, node: "n", does: "nothing", step: () => ({}) };
  test.each([
    ["mov R", /no syntax/],
    ["DB N", /DB is taken/],
    ["FOO X", /"X" is no kind of operand/],
    ["", /no syntax/],
    ["FOO|bar", /no syntax/],
    ["FOOa", /no syntax/],
    ["FOO1 R", /no syntax/],
    ["FOO|DB", /DB is taken/],
    ["FOO-BAR", /no syntax/],
    ["FOO R,N", /"R,N" is no kind of operand/],
  ])("refuses the syntax %j", (syntax, message) => {
    expect(() => instruction(syntax, spec)).toThrow(message);
  });

  test.each([256, -1, 1.5])("refuses the opcode %d, which is no byte", (opcode) => {
    expect(() => instruction("FOO", { ...spec, opcode })).toThrow(`opcode is ${opcode}, and should be 0 to 255`);
  });

  test.each([0, 255])("takes the opcode %d", (opcode) => {
    expect(instruction("FOO|BAR R, [N]", { ...spec, opcode })).toMatchObject({
      mnemonics: ["FOO", "BAR"],
      operands: ["R", "[N]"],
      opcode,
    });
  });

  test.each([
    [instruction("FOO", { ...spec, opcode: 1 }), /opcode 1 is taken by "MOV R, R"/],
    [instruction("FOO", { ...spec, node: "inc-reg" }), /node "inc-reg" is taken by "INC R"/],
    [instruction("FOO|INC R", spec), /form "INC R" is taken by "INC R"/],
  ])("refuses two of one kind: %o", (one, message) => {
    expect(() => instructionSet([...femtoInstructions, one])).toThrow(message);
  });
});
