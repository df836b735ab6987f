import type { LogEvent } from "./events.ts";

/** A call to another service, which a run made: where that is a durable program, a run of this id. */
export interface MadeCall {
  readonly service: string;
  /** The key of the call. */
  readonly key: string;
}

/** The calls of a run, in their order. @param run `program/id` */
export function callsOf(run: string, events: Iterable<LogEvent>): readonly MadeCall[] {
  const names = new Map<string, number>();
  const calls: MadeCall[] = [];
  let base: number | undefined;
  for (const event of events) {
    if (event.type === "started") base = event.base;
    if (event.type !== "called" || event.kind === "patch") continue;
    const { kind, name } = event;
    const occurrence = (names.get(name) ?? 0) + 1;
    names.set(name, occurrence);
    if (kind === "call") calls.push({ service: name, key: toKey(run, name, occurrence, base) });
  }
  return calls;
}

/** @param run `program/id` */
export function readRun(run: string): { readonly program: string; readonly id: string } {
  const at = run.indexOf("/");
  return { program: run.slice(0, at), id: run.slice(at + 1) };
}

/** The key of a command: the same in all lives of its run. @param base Of its log. @default 0 */
export function toKey(run: string, name: string, occurrence: number, base = 0): string {
  return `${run}:${name}#${occurrence}${base === 0 ? "" : `@${base}`}`;
}
