/**
 * One process of the femto machine as it would be written plainly over node:http: the cpu, the memory, or the node of an
 * instruction. One request for each load, store and step. What the instructions mean is the same code as ours.
 *
 *   node plain-replica.ts memory | cpu | NODE
 */

import { femtoInstructions, instructionSet } from "@hadron/femto-cpu";
import { FAULTS, MEMORY_BYTES, START, type State } from "../../packages/femto-cpu/src/machine/state.ts";
import { beginStep, finishStep } from "../../packages/femto-cpu/src/machine/step.ts";
import { post, serve } from "./plain-http.ts";

const [role] = process.argv.slice(2);
const set = instructionSet(femtoInstructions);
let ports: Readonly<Record<string, number>> = {};

const load = (program: number, address: number) => post<number>(ports.memory!, "/load", { program, address });

const memory = () => {
  const programs = new Map<number, Uint8Array>();
  let next = 1;
  return {
    "/allocate": ({ bytes }: { bytes: number[] }) => {
      const held = new Uint8Array(MEMORY_BYTES);
      held.set(bytes);
      programs.set(next, held);
      return next++;
    },
    "/load": ({ program, address }: { program: number; address: number }) => programs.get(program)![address],
    "/store": ({ program, address, byte }: { program: number; address: number; byte: number }) => {
      programs.get(program)![address] = byte;
    },
    "/read": ({ program }: { program: number }) => [...programs.get(program)!],
    "/free": ({ program }: { program: number }) => programs.delete(program),
  };
};

const cpu = () => ({
  "/run": async ({ program, maxSteps }: { program: number; maxSteps: number }) => {
    let state: State = START;
    let steps = 0;
    while (steps < maxSteps) {
      if (state.IP >= MEMORY_BYTES) return { state, steps, fault: FAULTS.pastMemory };
      const opcode = await load(program, state.IP);
      const node = set.byOpcode[opcode]?.node;
      if (node === undefined) return { state, steps, fault: FAULTS.invalidOpcode(opcode) };
      const done = await post<{ state: State; halted: boolean; fault?: string }>(ports[node]!, "/step", {
        program,
        state,
      });
      if (done.fault !== undefined) return { state, steps, fault: done.fault };
      state = done.state;
      steps += 1;
      if (done.halted) break;
    }
    return { state, steps, fault: null };
  },
});

const node = (name: string) => {
  const instruction = femtoInstructions.find((one) => one.node === name)!;
  return {
    "/step": async ({ program, state }: { program: number; state: State }) => {
      const bytes: number[] = [];
      for (let i = 1; i <= instruction.operands.length && state.IP + i < MEMORY_BYTES; i++) {
        bytes.push(await load(program, state.IP + i));
      }
      const begun = beginStep(instruction, state, bytes);
      if (begun.fault !== undefined) return begun;
      const loaded: number[] = [];
      for (const address of begun.loads) loaded.push(await load(program, address));
      const done = finishStep(begun, loaded);
      if (done.fault !== undefined) return done;
      for (let i = 0; i < done.stores.length; i += 2) {
        await post(ports.memory!, "/store", { program, address: done.stores[i], byte: done.stores[i + 1] });
      }
      return { state: done.state, halted: done.halted };
    },
  };
};

process.on("message", (known: Readonly<Record<string, number>>) => {
  ports = known;
});
process.on("disconnect", () => process.exit());
const handlers = role === "memory" ? memory() : role === "cpu" ? cpu() : node(role!);
process.send?.(await serve(handlers));
