/**
 * The femto machine in one process, written from its description alone: it shares nothing with the instruction set,
 * the nodes or the assembler, so that it can be held against them.
 */
export interface Outcome {
  readonly state: "halted" | "faulted" | "running";
  readonly fault: string | null;
  readonly registers: { A: number; B: number; C: number; D: number; SP: number; IP: number };
  readonly flags: { zero: boolean; carry: boolean };
  readonly memory: readonly number[];
  readonly steps: number;
}

class Fault extends Error {}

export function interpret(program: readonly number[], maxSteps = 100_000, done?: (opcode: number) => void): Outcome {
  let cpu = new Cpu(program);
  let steps = 0;
  const end = (state: Outcome["state"], fault: string | null): Outcome => {
    const [A, B, C, D, SP] = cpu.reg as [number, number, number, number, number];
    const flags = { zero: cpu.zero, carry: cpu.carry };
    return { state, fault, registers: { A, B, C, D, SP, IP: cpu.ip }, flags, memory: cpu.mem, steps };
  };
  while (steps < maxSteps) {
    const before = cpu.copy();
    try {
      cpu.step();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      cpu = before; // A step that faults changes nothing and does not count.
      return end("faulted", error.message);
    }
    steps += 1;
    done?.(before.mem[before.ip]!);
    if (cpu.halted) return end("halted", null);
  }
  return end("running", null);
}

class Cpu {
  mem: number[];
  reg = [0, 0, 0, 0, 231];
  ip = 0;
  zero = false;
  carry = false;
  halted = false;

  constructor(program: readonly number[]) {
    this.mem = [...program, ...new Array(256 - program.length).fill(0)];
  }

  copy(): Cpu {
    const other = new Cpu(this.mem);
    return Object.assign(other, { reg: [...this.reg], ip: this.ip, zero: this.zero, carry: this.carry });
  }

  step(): void {
    if (this.ip > 255) throw new Fault("Instruction pointer is outside of memory");
    const op = this.mem[this.ip]!;
    const at = (n: number) => {
      if (n < 0 || n > 255) throw new Fault("Memory access violation");
      return n;
    };
    let pos = this.ip + 1;
    const fetch = () => this.mem[at(pos++)]!;
    const anyReg = () => {
      const r = fetch();
      if (r > 4) throw new Fault(`Invalid register: ${r}`);
      return r;
    };
    const abcd = () => {
      const r = fetch();
      if (r > 3) throw new Fault(`Invalid register: ${r}`);
      return r;
    };
    const indirect = () => {
      const b = fetch();
      if (b % 8 > 4) throw new Fault(`Invalid register: ${b % 8}`);
      const k = Math.floor(b / 8);
      return this.reg[b % 8]! + (k >= 16 ? k - 32 : k);
    };
    const load = (n: number) => this.mem[at(n)]!;
    const wrap = (x: number) => ((x % 256) + 256) % 256;
    const flags = (x: number) => {
      this.zero = x === 0;
      this.carry = x > 255 || x < 0;
      return wrap(x);
    };
    const setReg = (r: number, value: number) => {
      if (r === 4 && value > 231) throw new Fault("Stack underflow");
      if (r === 4 && value < 0) throw new Fault("Stack overflow");
      this.reg[r] = value;
    };
    const push = (value: number) => {
      this.mem[this.reg[4]!] = value;
      setReg(4, this.reg[4]! - 1);
    };
    const pop = () => {
      setReg(4, this.reg[4]! + 1);
      return load(this.reg[4]!);
    };
    /** The second operand: register, [register±k], [number], number, as the opcodes of a row count up. */
    const second = (column: number, reg: () => number) =>
      column === 0 ? this.reg[reg()]! : column === 1 ? load(indirect()) : column === 2 ? load(fetch()) : fetch();
    /** A row of the first table: `reg` is how its registers are read. */
    const row = (base: number, reg: () => number, f: (a: number, b: number) => number, keep = true) => {
      const r = reg();
      const b = second(op - base, reg);
      const x = flags(f(this.reg[r]!, b));
      if (keep) setReg(r, x);
    };
    const within = (base: number) => op >= base && op <= base + 3;
    const jump = (taken: boolean, before = () => {}) => {
      const to = op % 2 === (op >= 55 ? 1 : 0) ? this.reg[abcd()]! : fetch();
      if (!taken) return;
      before();
      pos = to;
    };

    if (op === 0) {
      this.halted = true;
      return;
    } else if (op === 1) {
      const r = anyReg();
      setReg(r, this.reg[anyReg()]!);
    } else if (op === 2) {
      const r = anyReg();
      setReg(r, load(fetch()));
    } else if (op === 3) {
      const r = anyReg();
      setReg(r, load(indirect()));
    } else if (op === 4) {
      const to = fetch();
      this.mem[at(to)] = this.reg[anyReg()]!;
    } else if (op === 5) {
      const to = indirect();
      const value = this.reg[anyReg()]!;
      this.mem[at(to)] = value;
    } else if (op === 6) {
      const r = anyReg();
      setReg(r, fetch());
    } else if (op === 7) {
      const to = fetch();
      this.mem[at(to)] = fetch();
    } else if (op === 8) {
      const to = indirect();
      const value = fetch();
      this.mem[at(to)] = value;
    } else if (within(10)) row(10, anyReg, (a, b) => a + b);
    else if (within(100)) {
      const c = this.carry ? 1 : 0;
      row(100, anyReg, (a, b) => a + b + c);
    } else if (within(14)) row(14, anyReg, (a, b) => a - b);
    else if (op === 18 || op === 19) {
      const r = anyReg();
      setReg(r, flags(this.reg[r]! + (op === 18 ? 1 : -1)));
    } else if (within(20)) row(20, anyReg, (a, b) => a - b, false);
    else if (op === 30 || op === 31) jump(true);
    else if (op === 32 || op === 33) jump(this.carry);
    else if (op === 34 || op === 35) jump(!this.carry);
    else if (op === 36 || op === 37) jump(this.zero);
    else if (op === 38 || op === 39) jump(!this.zero);
    else if (op === 40 || op === 41) jump(!this.zero && !this.carry);
    else if (op === 42 || op === 43) jump(this.zero || this.carry);
    else if (within(50)) push(second(op - 50, abcd));
    else if (op === 54) {
      const r = abcd();
      this.reg[r] = pop();
    } else if (op === 55 || op === 56) {
      jump(true, () => push(at(pos)));
    } else if (op === 57) pos = pop();
    else if (within(60)) this.reg[0] = flags(this.reg[0]! * second(op - 60, abcd));
    else if (within(64)) {
      const b = second(op - 64, abcd);
      if (b === 0) throw new Fault("Division by 0");
      this.reg[0] = flags(Math.trunc(this.reg[0]! / b));
    } else if (within(70)) row(70, abcd, (a, b) => a & b);
    else if (within(74)) row(74, abcd, (a, b) => a | b);
    else if (within(78)) row(78, abcd, (a, b) => a ^ b);
    else if (op === 82) {
      const r = abcd();
      this.reg[r] = flags(-1 - this.reg[r]!);
    } else if (within(90)) row(90, abcd, (a, b) => (a * 2 ** (b % 32)) | 0);
    else if (within(94)) row(94, abcd, (a, b) => Math.floor(a / 2 ** (b % 32)));
    else throw new Fault(`Invalid op code: ${op}`);
    this.ip = pos;
  }
}
