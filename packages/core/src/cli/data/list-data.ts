import type { AppData } from "../../runner.ts";
import { toSize } from "../terminal/size.ts";
import { toTable } from "../terminal/table.ts";

/** Data of an app, a line each. */
export function listData(data: readonly AppData[]): readonly string[] {
  return toTable(
    data.map(({ kind, name, service, bytes }) => [
      `  ${kind}`,
      name,
      service ?? "",
      bytes === null ? "size unknown" : toSize(bytes),
    ]),
  );
}
