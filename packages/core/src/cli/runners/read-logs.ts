import type { LogLine, LogOptions, RunContext, Runner } from "../../runner.ts";

/** Which lines are wanted, beside whose. */
export interface LogChoice extends LogOptions {
  /** Only lines that match. */
  readonly grep: RegExp | undefined;
}

/**
 * Reads an app's logs, narrowed. A runner may leave out what `since` and `tail` exclude; whatever it does, what comes out here
 * is right. `tail` counts the lines of all replicas together that match, of what was there when it was asked: what `follow`
 * adds is not counted.
 */
export async function* readLogs(
  runner: Runner,
  app: string,
  { grep, tail, ...options }: LogChoice,
  context: RunContext,
): AsyncGenerator<LogLine> {
  const since = options.since === undefined ? undefined : Date.parse(options.since);
  const isWanted = ({ line, time }: LogLine) =>
    (since === undefined || Date.parse(time) >= since) && (grep === undefined || grep.test(line));
  if (tail === undefined) {
    for await (const line of runner.logs(app, options, context)) if (isWanted(line)) yield line;
    return;
  }
  // A runner counts before it is known what matches.
  const asked = grep === undefined ? { ...options, tail } : options;
  const last: LogLine[] = [];
  const seen = createSeen();
  for await (const line of runner.logs(app, { ...asked, follow: false }, context)) {
    seen.add(line);
    if (!isWanted(line) || tail === 0) continue;
    last.push(line);
    if (last.length > tail) last.shift();
  }
  yield* last;
  if (!options.follow || context.signal.aborted) return;
  for await (const line of runner.logs(app, options, context)) if (!seen.had(line) && isWanted(line)) yield line;
}

/** Which lines have been read already: of each replica those before its newest, and those of that instant. */
function createSeen() {
  const newest = new Map<string, { readonly time: string; readonly lines: string[] }>();
  return {
    add({ replica, time, line }: LogLine): void {
      const known = newest.get(replica);
      if (known === undefined || known.time < time) newest.set(replica, { time, lines: [line] });
      else if (known.time === time) known.lines.push(line);
    },
    had({ replica, time, line }: LogLine): boolean {
      const known = newest.get(replica);
      if (known === undefined || time > known.time) return false;
      if (time < known.time) return true;
      // Each counts once: the same words may be said again within the same instant.
      const at = known.lines.indexOf(line);
      if (at !== -1) known.lines.splice(at, 1);
      return at !== -1;
    },
  };
}
