import { defineResource } from "@hadron/core/spi";
import { store } from "../store/service/store-service.ts";

/** What elections and schedules keep: who is at work, and what was done. It brings the store along. */
export const turns = defineResource({}, { kind: "turns", name: "all", keeper: store, options: {} });
