/** Durable programs: functions whose execution is an event log. */
export type { Attempt } from "./engine/command.ts";
export { now, random, uuid } from "./program/chance.ts";
export type { Duration } from "./program/duration.ts";
export { type Hook, hook } from "./program/hook.ts";
export { shield } from "./program/shield.ts";
export { sleep } from "./program/sleep.ts";
export { type StepOptions, step } from "./program/step.ts";
