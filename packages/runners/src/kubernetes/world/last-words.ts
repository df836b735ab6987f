import { isHadronError } from "@hadron/core/spi";
import { INTERNAL_PORT } from "../../replica/layout.ts";
import type { Api } from "../api/api.ts";
import { statusOf } from "../api/api-error.ts";
import { pathOf } from "../objects/objects.ts";
import { explain } from "./death.ts";
import type { Trouble } from "./trouble.ts";

const LINES = 12;

/** What a replica in trouble said itself: its last log lines, or the answer to its probe. Empty where it cannot be had. */
export async function lastWords(
  api: Api,
  { crashed, unanswered, message }: Trouble,
  signal: AbortSignal,
): Promise<string> {
  if (crashed !== undefined) {
    // The newest first: of a container that is gone, its node has no log any more, and the cluster the end of it.
    const text =
      (await ask(() => readLog(api, crashed, false, signal))) ||
      (await ask(() => readLog(api, crashed, true, signal))) ||
      lastLines(message);
    return text === undefined || text.trim() === "" ? "" : `\n${indent(explain(text))}`;
  }
  if (unanswered !== undefined) {
    const path = `${pathOf("Pod", api.namespace, `${unanswered}:${INTERNAL_PORT}`)}/proxy/readyz`;
    const answer = await ask(() => api.text({ path, what: "ask a replica whether it is ready", once: true, signal }));
    const log = await ask(() => readLog(api, unanswered, false, signal));
    return `${answer ? `\nIt answers: ${answer.trim()}` : ""}${log?.trim() ? `\n${indent(explain(log))}` : ""}`;
  }
  return "";
}

function lastLines(text: string | undefined): string | undefined {
  return text?.trimEnd().split("\n").slice(-LINES).join("\n");
}

async function readLog(api: Api, pod: string, previous: boolean, signal: AbortSignal): Promise<string> {
  const text = await api.text({
    path: `${pathOf("Pod", api.namespace, pod)}/log`,
    query: { tailLines: String(LINES), previous: previous ? "true" : undefined },
    what: `read the log of "${pod}"`,
    signal,
  });
  return isLogGone(text) ? "" : text;
}

/** What cannot be had is left out: it is asked for to explain another failure, which must not be hidden. */
async function ask(question: () => Promise<string>): Promise<string | undefined> {
  try {
    return await question();
  } catch (error) {
    if (!isHadronError(error)) throw error;
    // A kubelet answers 503 in the words of the replica's own probe.
    const status = statusOf(error);
    return status?.code === 503 ? status.message : undefined;
  }
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, "  ");
}

/** Whether a node says, in place of a log, that it has none any more: it does so with status 200. */
export function isLogGone(text: string): boolean {
  return /^unable to retrieve container logs for \S+\s*$/.test(text);
}
