import { createHmac } from "node:crypto";
import type { Started } from "./events.ts";

/** What a run's chance is drawn from. It may be shown: the secret cannot be told from it. */
export function chanceOf({ engine, secret }: Pick<Started, "engine" | "secret">): string {
  return engine === 1 ? secret : createHmac("sha256", secret).update("chance").digest("hex");
}
