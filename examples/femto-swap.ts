/**
 * The femto machine with an instruction more: one declaration, from the syntax to the node.
 *
 *   npx tsx examples/femto-swap.ts call femto run '{"source":"MOV A, 1\nMOV B, 2\nSWAP A, B\nHLT"}'
 */
import { run, service } from "@hadron/core";
import { femtoCpu, femtoInstructions, instruction } from "@hadron/femto-cpu";

export const swap = instruction("SWAP R, R", {
  opcode: 110,
  node: "swap-reg-with-reg",
  does: "first and second change places",
  step: ([first, second]) => ({ put: [second, first] }),
});

export const femto = service("femto", femtoCpu([...femtoInstructions, swap]), { expose: true });

await run(femto);
