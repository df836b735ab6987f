import { createHmac } from "node:crypto";
import type { Started } from "./events.ts";

/** What a run's chance is drawn from. It may be shown: the secret cannot be told from it. */
export function chanceOf({ engine, secret, base = 0 }: Pick<Started, "engine" | "secret" | "base">): string {
  const what = base === 0 ? "chance" : `chance ${base}`;
  return engine === 1 ? secret : createHmac("sha256", secret).update(what).digest("hex");
}
