import type { Context } from "@hadron/core";
import type { Arrived } from "./arrived.ts";

/** A request that has found its route. */
export interface Found {
  readonly arrived: Arrived;
  readonly params: Readonly<Record<string, string>>;
  readonly query: string;
  readonly context: Context;
}
