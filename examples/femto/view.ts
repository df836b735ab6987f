import type { Program, RunResult } from "@hadron/femto-cpu";

/** What the screen shows: the machine before its next step, and what led there. */
export interface Scene {
  readonly file: string;
  readonly source: readonly string[];
  readonly program: Program;
  readonly result: Required<RunResult>;
  /** Steps from the beginning. */
  readonly steps: number;
  /** The memory one step ago: what differs was just stored. */
  readonly before: readonly number[];
  /** Nodes of the steps so far, the latest first. */
  readonly trail: readonly string[];
}

type Style = "dim" | "bold" | "stored" | "code" | "stack" | "output";

/** Puts a style on a piece of text; or nothing, where there are no colours. */
export type Painter = (style: Style, text: string) => string;

const CODES: Readonly<Record<Style, string>> = {
  dim: "2",
  bold: "1",
  stored: "1;33",
  code: "7",
  stack: "36",
  output: "32",
};

export const painter =
  (colours: boolean): Painter =>
  (style, text) =>
    colours ? `\x1b[${CODES[style]}m${text}\x1b[0m` : text;

const OUTPUT_START = 232;
const ROW = 16;

/** The screen, a line each, at most 80 columns wide. Pure. */
export function renderScene(scene: Scene, paint: Painter): readonly string[] {
  const { file, result, steps } = scene;
  const title = `${paint("bold", file.slice(-40))}  ${paint("dim", "step")} ${steps}  ${describeState(result)}`;
  return [
    title,
    renderRegisters(result, paint),
    renderInstruction(scene, paint),
    ...renderMemory(scene, paint),
    renderOutput(result, paint),
  ];
}

/** One step on one line, where lines cannot be written anew. */
export function renderLine({ result, steps, before, trail }: Scene): string {
  const { registers: r, flags, memory } = result;
  const stored = memory.flatMap((byte, at) => (byte === before[at] ? [] : [`[${hex(at)}]=${hex(byte)}`]));
  const machine = `A=${hex(r.A)} B=${hex(r.B)} C=${hex(r.C)} D=${hex(r.D)} SP=${hex(r.SP)} IP=${hex(r.IP)}`;
  const marks = `${flags.zero ? "Z" : "-"}${flags.carry ? "C" : "-"}`;
  return `${String(steps).padStart(6)} ${(trail[0] ?? "").padEnd(24)} ${machine} ${marks} ${stored.join(" ")}`.trimEnd();
}

/** Bytes in hexadecimal, as the output is printed. */
export function toHex(bytes: readonly number[]): string {
  return bytes.map(hex).join(" ");
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

function describeState({ state, fault }: RunResult): string {
  return fault === null ? state : `${state}: ${fault}`;
}

function renderRegisters({ registers, flags }: RunResult, paint: Painter): string {
  const cells = Object.entries(registers).map(([name, value]) => `${paint("dim", name)} ${paint("bold", hex(value))}`);
  const marks = Object.entries(flags).map(([name, on]) => (on ? paint("bold", name) : paint("dim", `no ${name}`)));
  return [...cells, ...marks].join("   ");
}

/** The instruction that is being done, as it was written. */
function renderInstruction({ program, result, source }: Scene, paint: Painter): string {
  const { IP } = result.registers;
  const place = program.lines.find(({ address, length }) => IP >= address && IP < address + length);
  const text =
    place === undefined ? "" : (source[place.line - 1] ?? "").replace(/;.*/, "").trim().replaceAll(/\s+/g, " ");
  const line = place === undefined ? "" : paint("dim", `line ${place.line}  `);
  return `${line}${text.slice(0, 66)}`;
}

function renderMemory({ before, result, trail }: Scene, paint: Painter): readonly string[] {
  const { memory, next, registers } = result;
  const { IP, SP } = registers;
  const cell = (at: number): string => {
    const text = hex(memory[at]!);
    if (at === IP && result.state === "running") return paint("code", text);
    if (memory[at] !== before[at]) return paint("stored", text);
    if (at >= OUTPUT_START) return paint("output", text);
    if (at > SP) return paint("stack", text);
    return memory[at] === 0 ? paint("dim", text) : text;
  };
  const nodes = [next === null ? "" : paint("bold", `▶ ${next}`), ...trail.map((node) => paint("dim", `  ${node}`))];
  const head = Array.from({ length: ROW }, (_, column) => column.toString(16).padStart(2, " ")).join(" ");
  const rows = Array.from({ length: memory.length / ROW }, (_, row) => {
    const cells = Array.from({ length: ROW }, (_, column) => cell(row * ROW + column));
    return `${paint("dim", hex(row * ROW))} ${cells.join(" ")}  ${nodes[row] ?? ""}`;
  });
  return [`   ${paint("dim", head)}  ${paint("dim", "node at work, and before")}`, ...rows];
}

function renderOutput({ output }: RunResult, paint: Painter): string {
  const text = output.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : "·")).join("");
  return `${paint("dim", "output")} ${paint("output", text)}`;
}
