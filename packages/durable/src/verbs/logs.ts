import { defineResource } from "@hadron/core/spi";
import { store } from "@hadron/resources/store";
import { CHECK, OPEN_RUNS, RUNS } from "./verb.ts";

/** The logs of all durable programs of an app. It brings the store along. */
export const logs = defineResource(
  {},
  { kind: "durable", name: "all", keeper: store, options: {}, verbs: [RUNS, CHECK], preflight: OPEN_RUNS },
);
