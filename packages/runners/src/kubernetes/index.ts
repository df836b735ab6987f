export { answers, endsWithCommand, flags, provides, summary } from "./places.ts";
export { createRunner } from "./runner.ts";
