import fc from "fast-check";

const OPCODES = [
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 18, 19, 54, 57, 82],
  ...[10, 14, 20, 50, 60, 64, 70, 74, 78, 90, 94, 100].flatMap((base) => [base, base + 1, base + 2, base + 3]),
  ...[30, 32, 34, 36, 38, 40, 42, 55].flatMap((base) => [base, base + 1]),
];

/** Bytes at which machines differ: registers, edges, the stack, offsets. */
const byte = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 4 }) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 255 }) },
  { weight: 1, arbitrary: fc.constantFrom(0, 1, 127, 128, 231, 232, 254, 255) },
);

const instruction = fc.tuple(fc.constantFrom(...OPCODES.slice(1)), byte, byte).map(([opcode, a, b]) => {
  const two = [
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    ...[10, 14, 20, 70, 74, 78, 90, 94, 100].flatMap((n) => [n, n + 1, n + 2, n + 3]),
  ];
  return opcode === 57 ? [opcode] : two.includes(opcode) ? [opcode, a, b] : [opcode, a];
});

/** Random programs: mostly instructions that run on for a while, some of them any bytes at all. */
export const randomProgram: fc.Arbitrary<number[]> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(
        // Registers that hold something, so that addresses in them are spread over the memory.
        fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(231)),
        fc.array(instruction, { minLength: 1, maxLength: 60 }),
      )
      .map(([registers, body]) =>
        [...registers.flatMap((value, register) => [6, register, value]), ...body.flat()].slice(0, 256),
      ),
  },
  {
    // At the end of the memory, where operands and the next instruction are no longer there.
    weight: 1,
    arbitrary: fc.array(instruction, { minLength: 1, maxLength: 10 }).map((body) => {
      const bytes = body.flat();
      const start = 256 - bytes.length;
      return [31, start, ...new Array<number>(start - 2).fill(0), ...bytes];
    }),
  },
  { weight: 1, arbitrary: fc.array(fc.oneof(byte, fc.constantFrom(...OPCODES)), { minLength: 1, maxLength: 256 }) },
);
