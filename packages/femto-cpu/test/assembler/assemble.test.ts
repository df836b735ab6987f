import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assemble, femtoInstructions, instructionSet } from "../../src/index.ts";

const set = instructionSet(femtoInstructions);
const bytes = (source: string) => assemble(set, source).bytes;
const problems = (source: string): string[] => {
  try {
    assemble(set, source);
  } catch (error) {
    expect(error).toMatchObject({ code: "INVALID_INPUT" });
    return (error as Error).message.split("\n").slice(1);
  }
  return [];
};

describe("a line", () => {
  test.each([
    ["", []],
    ["   \t ", []],
    ["; MOV A, 1", []],
    ["start:", []],
    ["start: ; begins here", []],
    ["MOV A, 1", [6, 0, 1]],
    ["mov a, 1", [6, 0, 1]],
    ["  Mov\tb ,\t2;two", [6, 1, 2]],
    ["here: HLT", [0]],
    [".here:HLT", [0]],
    ["a1_b: HLT;", [0]],
    ["MOV A, ';'", [6, 0, 59]],
    ["MOV A, ','", [6, 0, 44]],
    ['DB ","', [44]],
    ["x: JMP x ; x: JMP x", [31, 0]],
    ["MOV A, 1\r", [6, 0, 1]],
  ])("%j puts %j", (line, expected) => {
    expect(bytes(line)).toEqual(expected);
  });
});

describe("a number", () => {
  test.each([
    ["200", 200],
    ["200d", 200],
    ["200D", 200],
    ["0xA4", 164],
    ["0XfF", 255],
    ["0x1b", 27],
    ["0x1d", 29],
    ["0o47", 39],
    ["0O377", 255],
    ["0o48", 4],
    ["101b", 5],
    ["101B", 5],
    ["0b", 0],
    ["1d", 1],
    ["007", 7],
    ["'c'", 99],
    ["' '", 32],
    ["'''", 39],
    ["'\"'", 34],
    ["'ÿ'", 255],
  ])("%s is %i", (text, byte) => {
    expect(bytes(`MOV A, ${text}`)).toEqual([6, 0, byte]);
    expect(bytes(`DB ${text}`)).toEqual([byte]);
    expect(bytes(`MOV A, [${text}]`)).toEqual([2, 0, byte]);
  });

  test.each(["0x", "0xg", "0o", "0o9", "12b", "1e2", "12x", "_1", "0b1"])("%s is none", (text) => {
    expect(problems(`MOV A, ${text}`)).toEqual([
      `line 1, column 8: syntax error: ${text} is no number; expected 200, 200d, 0xA4, 0o47, 101b or 'c'`,
    ]);
  });

  test.each(["256", "0x100", "0o400", "100000000b", "99999999999999999999", "'€'", "'😀'"])(
    "%s is out of range",
    (text) => {
      for (const line of [`MOV A, ${text}`, `DB ${text}`, `PUSH [${text}]`]) {
        expect(problems(line)).toEqual([
          expect.stringMatching(/number out of range: .*; expected a number from 0 to 255$/),
        ]);
      }
    },
  );

  test("below zero is out of range", () => {
    expect(problems("MOV A, -1")).toEqual([
      "line 1, column 8: number out of range: -1; expected a number from 0 to 255",
    ]);
  });
});

describe("DB", () => {
  test.each([
    ['DB "text"', [116, 101, 120, 116]],
    ['DB "a;b,c:[d]"', [97, 59, 98, 44, 99, 58, 91, 100, 93]],
    ["HLT\nx: DB x", [0, 1]],
    ["DB .end ; a table of addresses\nDB x\nx: HLT\n.end:", [3, 2, 0]],
    ['DB "it\'s" ; said', [105, 116, 39, 115]],
    ['x: db "ÿ"', [255]],
  ])("%s puts its characters", (line, expected) => {
    expect(bytes(line)).toEqual(expected);
  });

  test.each([
    ["DB", "line 1, column 1: operands that DB does not take: none; expected a number, a label, 'c' or \"text\""],
    ["DB A", "line 1, column 4: operands that DB does not take: A; expected a number, a label, 'c' or \"text\""],
    ["DB [1]", "line 1, column 4: operands that DB does not take: [1]; expected a number, a label, 'c' or \"text\""],
    ["DB x", "line 1, column 4: undefined label: x; expected a label of this program"],
    ["x: DB 1, x", "line 1, column 10: too many arguments for DB: 2; expected at most 1"],
    ["DB 1, 2", "line 1, column 7: too many arguments for DB: 2; expected at most 1"],
    ['DB ""', 'line 1, column 4: syntax error: ""; expected text between double quotes'],
    ['DB "abc', 'line 1, column 4: syntax error: "abc; expected text between double quotes'],
    ["DB 'ab'", "line 1, column 4: syntax error: 'ab'; expected one character between single quotes"],
    ['DB "€"', 'line 1, column 4: number out of range: 8364, a character of "€"; expected a number from 0 to 255'],
  ])("%s is refused", (line, message) => {
    expect(problems(line)).toEqual([message]);
  });
});

describe("the place of a fault", () => {
  const columns = (source: string) => problems(source).map((problem) => /^line (\d+, column \d+)/.exec(problem)?.[1]);
  test.each([
    ["MOV A,", ["1, column 7"]],
    ["MOV A, 'x',", ["1, column 12", "1, column 12"]],
    ['DB "ab",', ["1, column 9", "1, column 9"]],
    ['DB "ab" ,', ["1, column 10", "1, column 10"]],
    ["MOV [A", ["1, column 7"]],
    ["MOV A, ['x'", ["1, column 12"]],
    ["MOV A 'x'", ["1, column 7"]],
  ])("%s: behind what is there, quotes included", (line, expected) => {
    expect(columns(line)).toEqual(expected);
  });

  test("faults come in the order of lines, and of columns within one", () => {
    expect(columns("y: MOV 'a', A\nFOO\nx: HLT\nMOV [z], q\nx: HLT")).toEqual([
      "1, column 8",
      "2, column 1",
      "4, column 6",
      "4, column 10",
      "5, column 1",
    ]);
    // A character that is none of the language is found before the label is looked at.
    expect(columns("9x: MOV A, *")).toEqual(["1, column 1", "1, column 12"]);
  });

  test("operands that no form takes are told as they were written", () => {
    expect(problems("MOV 'x', [A-2]")).toEqual([
      expect.stringContaining("operands that MOV does not take: 'x', [A-2];"),
    ]);
  });
});

describe("[R±k]", () => {
  test("holds the offset in the upper five bits and the register in the lower three", () => {
    for (const [number, register] of ["A", "b", "C", "d", "sp"].entries()) {
      for (let k = -16; k <= 15; k++) {
        const written = k < 0 ? `[${register}${k}]` : `[${register}+${k}]`;
        expect(bytes(`PUSH ${written}`)).toEqual([51, (((k % 32) + 32) % 32) * 8 + number]);
      }
      expect(bytes(`PUSH [${register}]`)).toEqual([51, number]);
    }
  });

  test.each(["[B - 2]", "[ B-2 ]", "[B-0x2]", "[b-10b]"])("%s may be written so", (text) => {
    expect(bytes(`PUSH ${text}`)).toEqual([51, 30 * 8 + 1]);
  });

  test.each([
    ["PUSH [A+16]", "line 1, column 8: offset out of range: 16; expected an offset from -16 to 15"],
    ["PUSH [SP-17]", "line 1, column 9: offset out of range: -17; expected an offset from -16 to 15"],
    [
      "PUSH [A+]",
      "line 1, column 9: syntax error: no offset behind +; expected a number from 0 to 15, or to 16 behind -",
    ],
    [
      "PUSH [A+B]",
      "line 1, column 9: syntax error: no offset behind +; expected a number from 0 to 15, or to 16 behind -",
    ],
    ["PUSH [A*2]", "line 1, column 8: syntax error: *; expected a label, an instruction, an operand or a comment"],
    ["PUSH [A 2]", 'line 1, column 9: syntax error: 2; expected "]", or "+" or "-" and an offset'],
    ["PUSH [9+1]", 'line 1, column 8: syntax error: +; expected "]"'],
    ["PUSH [A", 'line 1, column 8: syntax error: [ is not closed; expected "]", or "+" or "-" and an offset'],
    ["PUSH [9", 'line 1, column 8: syntax error: [ is not closed; expected "]"'],
    ["PUSH [", "line 1, column 7: syntax error: nothing behind [; expected a register, a label or a number behind ["],
    ["PUSH []", "line 1, column 7: syntax error: ]; expected a register, a label or a number behind ["],
    ["PUSH [A] 1", 'line 1, column 10: syntax error: 1; expected "," or the end of the line'],
  ])("%s is refused", (line, message) => {
    expect(problems(line)).toEqual([message]);
  });
});

describe("labels", () => {
  test("may be used before they stand, and keep their case", () => {
    const { bytes, labels, lines } = assemble(set, "JMP Loop\nloop: DB 1\nLoop:\n\n.x: MOV A, [loop]\nMOV B, .x");
    expect(bytes).toEqual([31, 3, 1, 2, 0, 2, 6, 1, 3]);
    expect(labels).toEqual({ loop: 2, Loop: 3, ".x": 3 });
    expect(lines).toEqual([
      { line: 1, address: 0, length: 2 },
      { line: 2, address: 2, length: 1 },
      { line: 5, address: 3, length: 3 },
      { line: 6, address: 6, length: 3 },
    ]);
  });

  test.each([
    ["JMP gone", "line 1, column 5: undefined label: gone; expected a label of this program"],
    ["x: HLT\nJMP X", "line 2, column 5: undefined label: X; expected a label of this program"],
    ["x: HLT\nHLT\nx: HLT", "line 3, column 1: label taken: x; expected another name than that of line 1"],
    ["b: HLT", "line 1, column 1: label is a register's name: b; expected a name other than A, B, C, D and SP"],
    [" SP: HLT", "line 1, column 2: label is a register's name: SP; expected a name other than A, B, C, D and SP"],
    ["1x: HLT", "line 1, column 1: syntax error: 1x; expected a label that begins with a letter or a point"],
    ["x : HLT", /^line 1, column 1: invalid instruction: x; expected DB or one of HLT MOV ADD/],
  ])("%j is refused", (source, message) => {
    expect(problems(source)).toEqual([typeof message === "string" ? message : expect.stringMatching(message)]);
  });
});

describe("an instruction", () => {
  test.each([
    ["FOO A", /^line 1, column 1: invalid instruction: FOO; expected DB or one of HLT MOV/],
    [": HLT", /^line 1, column 1: syntax error: :; expected an instruction or a label$/],
    [
      "MOV",
      /column 1: operands that MOV does not take: none; expected R, R or R, \[R±k\] or R, \[N\] or R, N or \[N\], R/,
    ],
    ["MOV A", /column 5: operands that MOV does not take: A;/],
    ["MOV 1, A", /column 5: operands that MOV does not take: 1, A;/],
    ['MOV A, "x"', /column 5: operands that MOV does not take: A, "x";/],
    ["MOV [1], [2]", /column 5: operands that MOV does not take: \[1\], \[2\];/],
    ["INC 5", /column 5: operands that INC does not take: 5; expected R$/],
    ["POP [A]", /column 5: operands that POP does not take: \[A\]; expected R$/],
    ["JMP [A]", /column 5: operands that JMP does not take: \[A\]; expected R or N$/],
    ["HLT A", /column 5: too many arguments for HLT: 1; expected none$/],
    ["INC A, B", /column 8: too many arguments for INC: 2; expected at most 1$/],
    ["MOV A, B, C", /column 11: too many arguments for MOV: 3; expected at most 2$/],
    ["MOV A B", /column 7: syntax error: B; expected "," or the end of the line$/],
    ["MOV A,", /column 7: syntax error: an operand is missing; expected a register/],
    ["MOV , A", /column 5: syntax error: an operand is missing; expected a register/],
    ["MOV A, +5", /column 8: syntax error: \+; expected a register/],
    ["MOV A, ]", /column 8: syntax error: \]; expected a register/],
    ["MOV A; B", /column 5: operands that MOV does not take: A;/],
    ["MOV #A, 5", /column 5: syntax error: #; expected a label, an instruction, an operand or a comment$/],
    ["HLT HLT", /column 5: too many arguments for HLT: 1; expected none$/],
  ])("%j is refused", (line, message) => {
    expect(problems(line)).toEqual([expect.stringMatching(message)]);
  });
});

describe("the size", () => {
  test("may be 256 bytes", () => {
    expect(bytes("HLT\n".repeat(256)).length).toBe(256);
  });

  test("may not be more: the line that goes past is named, once", () => {
    expect(problems(`${"HLT\n".repeat(255)}MOV A, 1\nHLT`)).toEqual([
      "line 256, column 1: a program over 256 bytes: this line ends at 258; expected at most 256 bytes in all",
    ]);
  });

  test("a label behind the last byte can stand, and cannot be used", () => {
    expect(bytes(`${"HLT\n".repeat(256)}end:`).length).toBe(256);
    expect(problems(`JMP end\n${"HLT\n".repeat(254)}end:`)).toEqual([
      "line 1, column 5: number out of range: end is 256; expected an address below 256",
    ]);
  });
});

test("all problems are told, in the order of the lines, and none twice", () => {
  expect(problems("FOO\nMOV 300, 400 \n\nB: JMP gone\nPUSH [A+99]\n").map((one) => one.split(";")[0])).toEqual([
    "line 1, column 1: invalid instruction: FOO",
    "line 2, column 5: number out of range: 300",
    "line 2, column 10: number out of range: 400",
    "line 4, column 1: label is a register's name: B",
    "line 4, column 8: undefined label: gone",
    "line 5, column 8: offset out of range: 99",
  ]);
});

test("the message says how many there are", () => {
  expect(() => assemble(set, "FOO")).toThrow(/^The program has 1 error:\nline 1, column 1: /);
  expect(() => assemble(set, "FOO\nBAR")).toThrow(/^The program has 2 errors:\n/);
});

test("every form of every instruction, written out, gives its opcode and its operands", () => {
  for (const { mnemonics, operands, opcode } of femtoInstructions) {
    const written = { R: "C", "[R±k]": "[D-3]", "[N]": "[77]", N: "88" };
    const expected = { R: 2, "[R±k]": 29 * 8 + 3, "[N]": 77, N: 88 };
    for (const name of mnemonics) {
      const line = `${name} ${operands.map((kind) => written[kind]).join(", ")}`;
      expect(bytes(line)).toEqual([opcode, ...operands.map((kind) => expected[kind])]);
      expect(bytes(line.toLowerCase())).toEqual(bytes(line));
    }
  }
});

test("any text is assembled or refused with places that are in it", () => {
  const pieces = fc.constantFrom(
    ..."MOV,A,B,SP,[,],+,-,:,;,\",',0x,9,300,x,.y,DB,HLT, ,\n,\t,é,😀,_,#".split(","),
    ",",
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
      const source = parts.join("");
      const lines = source.split("\n");
      for (const one of problems(source)) {
        const [, line, column] = /^line (\d+), column (\d+): .+; expected .+$/su.exec(one)!;
        expect(lines[Number(line) - 1]).toBeDefined();
        expect(Number(column)).toBeLessThanOrEqual(lines[Number(line) - 1]!.length + 1);
      }
    }),
    { numRuns: 2000 },
  );
});
