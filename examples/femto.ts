/**
 * A computer of 83 services: every instruction of its CPU is one.
 *
 *   npx tsx examples/femto.ts                              starts it
 *   npx tsx examples/femto-run.ts hello-world.asm          runs a program on it
 *   npx tsx examples/femto.ts scale add-reg-to-reg 3       ADD is called more than the others
 */
import { run, service } from "@hadron/core";
import { femtoCpu } from "@hadron/femto-cpu";

export const femto = service("femto", femtoCpu(), { expose: true });

await run(femto);
