import type { OutboxBacklog } from "../database/contract/outbox.ts";
import type { Batch } from "../store/contract/driver.ts";
import type { Acquire, Answers, Claim, Message, Outcome, Query, Results } from "../store/contract/operations.ts";
import type { ClaimRuns } from "../store/contract/run-operations.ts";
import type { ClaimedRuns, FollowedRun, FollowRun } from "../store/server/run-waits.ts";

/** The way to a store: in a replica calls to `hadron.store`, in its own tests the store itself. */
export interface StoreLink {
  commit(batch: Batch): Promise<readonly Outcome[]>;
  read(queries: readonly Query[]): Promise<readonly Answers[Query["kind"]][]>;
  claim(claim: Claim, waitMs: number, signal: AbortSignal): Promise<readonly Message[]>;
  /** A holder waits for no more: its claim is answered at once, with what it got. */
  endClaim(holder: string): Promise<void>;
  acquire(acquire: Acquire, waitMs: number, signal: AbortSignal): Promise<Results["acquire"]>;
  claimRuns(claim: ClaimRuns, waitMs: number, signal: AbortSignal): Promise<ClaimedRuns>;
  followRun(follow: FollowRun, waitMs: number, signal?: AbortSignal): Promise<FollowedRun | undefined>;
  /** There is something in the outbox of a database, now and maybe later: it is looked after from now on. */
  relay(database: string): Promise<void>;
  /** What waits in outboxes, by queue. */
  backlog(): Promise<readonly OutboxBacklog[]>;
  watch(store: string, prefix: string): AsyncIterableIterator<readonly string[]>;
}
