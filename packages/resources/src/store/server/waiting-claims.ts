import type { Claim, Message, Operation } from "../contract/operations.ts";

/** A claim that waits for messages. */
export interface WaitingClaim {
  readonly claim: Claim;
  /** Resolves when a commit brought it some. */
  readonly brought: Promise<readonly Message[]>;
  /** Waits no more: what it was brought, if it was. */
  leave(): Promise<readonly Message[]>;
}

/** Claims what another's commit brings, within that. Empty where it brought nothing. */
type ClaimAlong = (claim: Claim) => Promise<readonly Message[]>;

interface Seat {
  readonly claim: Claim;
  bring(messages: readonly Message[]): void;
  /** While a commit is under way that may bring it some. */
  claiming: Promise<readonly Message[]> | undefined;
}

/**
 * Claims that wait while their queues are empty, first come, first served. Whoever waits has a message by the very commit that
 * keeps it: one wait for the disk, not two.
 */
export class WaitingClaims {
  readonly #byQueue = new Map<string, Set<Seat>>();

  /** Nobody waits. */
  get isEmpty(): boolean {
    return this.#byQueue.size === 0;
  }

  /** Waits for messages of the claim's queue, until it leaves. */
  wait(claim: Claim): WaitingClaim {
    const { promise: brought, resolve: bring } = Promise.withResolvers<readonly Message[]>();
    const seat: Seat = { claim, bring, claiming: undefined };
    const seats = this.#byQueue.get(claim.queue) ?? new Set();
    this.#byQueue.set(claim.queue, seats.add(seat));
    const leave = async () => {
      seats.delete(seat);
      if (seats.size === 0 && this.#byQueue.get(claim.queue) === seats) this.#byQueue.delete(claim.queue);
      return (await seat.claiming) ?? [];
    };
    return { claim, brought, leave };
  }

  /** Has those who wait for what these operations send claim it along with them. */
  claimAlong(operations: Iterable<Operation>, claimAlong: ClaimAlong): void {
    for (const [queue, count] of sentBy(operations)) {
      let left = count;
      for (const seat of this.#byQueue.get(queue) ?? []) {
        if (left <= 0) break;
        if (seat.claiming !== undefined) continue;
        left -= seat.claim.most;
        const claiming = claimAlong(seat.claim).catch(() => []);
        seat.claiming = claiming;
        void claiming.then((messages) => {
          if (messages.length > 0) seat.bring(messages);
          else seat.claiming = undefined;
        });
      }
    }
  }
}

/** How many messages come into each queue, of those that can be claimed at once. */
function sentBy(operations: Iterable<Operation>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const operation of operations) {
    if (operation.kind !== "send" || operation.delayMs > 0) continue;
    for (const queue of operation.queues) counts.set(queue, (counts.get(queue) ?? 0) + 1);
  }
  return counts;
}
