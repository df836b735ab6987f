import type { Message, QueuedMessage } from "./operations.ts";
import type { RunFacts, RunState } from "./run-operations.ts";

/*
 * Rows as the tables of both databases have them, and what they say. `read` gives text back as it was given to be kept: not every
 * database takes all of it.
 */

/** What a message waits for, as a number: in the order in which it may be claimed. */
export const MESSAGE_STATE = { waiting: 0, behind: 1, working: 2, dead: 3 } as const;

export interface MessageRow {
  readonly id: number;
  readonly attempt: number;
  readonly body: Uint8Array;
  readonly key: string | null;
  readonly given_id: string | null;
  readonly sent: number;
}

/** The same, and what it waits for. */
export interface WaitingRow extends MessageRow {
  readonly state: number;
  readonly due: number;
}

export interface RunRow {
  readonly number: number;
  readonly program: string;
  readonly id: string;
  readonly state: RunState;
  readonly epoch: number;
  readonly length: number;
  readonly holder: string | null;
  readonly because: string | null;
  readonly started: number;
  readonly ended: number | null;
  readonly slot: string | null;
  /** 0: no. 1: it waits for its turn. 2: it waits no more, whatever the limit is. */
  readonly parked: number;
  /** 1: it has one of the places of its slot. */
  readonly placed: number;
  readonly first: number;
  readonly priority: number;
  /** Since which of its events it is cancelled. */
  readonly cancelled: number | null;
}

type Read = (kept: string) => string;
const asItIs: Read = (kept) => kept;

export function toMessage({ id, attempt, body, key, given_id, sent }: MessageRow, read = asItIs): Message {
  return {
    message: id,
    attempt,
    body,
    key: key === null ? undefined : read(key),
    id: given_id === null ? undefined : read(given_id),
    sentAt: sent,
  };
}

export function toQueued(row: WaitingRow, now: number, read = asItIs): QueuedMessage {
  const isBehind = row.state === MESSAGE_STATE.behind;
  return {
    ...toMessage(row, read),
    state: row.state === MESSAGE_STATE.working ? "working" : isBehind ? "behind" : "waiting",
    forMs: isBehind ? 0 : Math.max(0, row.due - now),
  };
}

export function toRunFacts(row: RunRow, read = asItIs): RunFacts {
  const { number, id, state, epoch, first, length, holder, because, started, ended, slot } = row;
  return {
    run: number,
    id: read(id),
    state,
    epoch,
    first,
    length,
    holder: holder ?? undefined,
    because: because === null ? undefined : read(because),
    startedAt: started,
    endedAt: ended ?? undefined,
    slot: slot === null ? undefined : read(slot),
  };
}
