import { join } from "node:path";
import { HadronError, isHadronError, systemCode } from "@hadron/core/spi";
import { type Holder, isDescription } from "../deployment/description.ts";
import { endLeftovers } from "../folder/leftovers.ts";
import { CONTROL_SOCKET, claimName, removeStale } from "../folder/run-folder.ts";
import { askOnce } from "./control.ts";
import type { Session } from "./session.ts";

const ANSWER_MS = 5000;
const ATTEMPTS = 10;

/** Asks who holds a run folder. Undefined where its process is gone: what is left of it is then ended and cleared away. */
export async function describeHolder(link: string, path: string, signal: AbortSignal): Promise<Holder | undefined> {
  try {
    return await askOnce(join(path, CONTROL_SOCKET), { verb: "describe" }, { signal, timeoutMs: ANSWER_MS });
  } catch (error) {
    if (!isGone(error)) throw error;
    // First: as long as the link is there, nobody else has the name.
    await endLeftovers(path, signal);
    removeStale(link, path);
    return undefined;
  }
}

/** Whether nobody listens any more. */
export function isGone(error: unknown): boolean {
  const code = systemCode(error);
  return code === "ENOENT" || code === "ECONNREFUSED" || code === "ECONNRESET";
}

/**
 * Takes the app's name for a session, from one that is ending as soon as it is gone. WRONG_USE, naming its process, where
 * the app runs already.
 */
export async function claim(app: string, session: Session, signal: AbortSignal): Promise<void> {
  const { link } = session.folder;
  await session.listen();
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const path = claimName(session.folder);
    if (path === undefined) return;
    const said = await describeHolder(link, path, signal);
    if (said === undefined) continue;
    if (!isDescription(said) && said.ending) {
      await waitForEnd(path, signal);
      continue;
    }
    const from = isDescription(said) ? `, started from ${said.entry}` : "";
    throw new HadronError(
      "WRONG_USE",
      `"${app}" already runs in process ${said.pid}${from}. End that one first (Ctrl-C there, or the verb delete), ` +
        "or run this one beside it under another name: --app=NAME.",
    );
  }
  throw new HadronError(
    "RUNNER_FAILED",
    `${link} could not be taken: other processes start the same app again and again.`,
  );
}

async function waitForEnd(path: string, signal: AbortSignal): Promise<void> {
  try {
    await askOnce(join(path, CONTROL_SOCKET), { verb: "delete" }, { signal });
  } catch (error) {
    // Gone, or gone in the middle of its answer.
    if (signal.aborted || !(isGone(error) || isHadronError(error))) throw error;
  }
}
