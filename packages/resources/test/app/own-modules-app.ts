import { service } from "@hadron/core";
import { keyValue } from "../../src/index.ts";

let count = 0;

export const kept = keyValue<number>("kept");

/** Counts in a variable of its own, and keeps what it has counted to. */
export const counter = service("counter", async () => {
  await kept.set("count", ++count);
  return count;
});
