import type { DatabaseSync } from "node:sqlite";
import { type RunRow, toRunFacts } from "../../contract/rows.ts";
import { MOST_EVENT_BYTES, type RunAnswers, type RunEvent, type RunQuery } from "../../contract/run-operations.ts";
import { select } from "./select.ts";

/** Reads runs, of what is committed. */
export class RunReader {
  readonly #find;
  readonly #list;
  readonly #events;

  constructor(database: DatabaseSync) {
    this.#find = select<RunRow>(database, "select * from run where program = ? and id = ?");
    this.#list = select<RunRow>(
      database,
      "select * from run where program = ? and (? is null or state = ?) and number < ? order by number desc limit ?",
    );
    this.#events = select<RunEvent & { readonly command: number | null }>(
      database,
      "select type, command, at, body from run_event where run = ? and n >= ? order by n limit ?",
    );
  }

  get({ program, id }: Extract<RunQuery, { kind: "run" }>): RunAnswers["run"] {
    const row = this.#find.get(program, id);
    return row === undefined ? undefined : toRunFacts(row);
  }

  list({ program, state, before, most }: Extract<RunQuery, { kind: "runs" }>): RunAnswers["runs"] {
    const wanted = state ?? null;
    const rows = this.#list.all(program, wanted, wanted, before ?? Number.MAX_SAFE_INTEGER, most);
    return rows.map((row) => toRunFacts(row));
  }

  events({ run, from, most }: Extract<RunQuery, { kind: "run-events" }>): RunAnswers["run-events"] {
    const events: RunEvent[] = [];
    let bytes = 0;
    for (const { type, command, at, body } of this.#events.iterate(run, from, most)) {
      bytes += body.length;
      if (events.length > 0 && bytes > MOST_EVENT_BYTES) break;
      events.push({ type, command: command ?? undefined, at, body });
    }
    return events;
  }
}
