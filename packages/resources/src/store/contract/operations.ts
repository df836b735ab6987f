import type { RunAnswers, RunOperation, RunQuery, RunResults } from "./run-operations.ts";

/**
 * What can be done to a store, as data: an operation is small, complete and independent of who asks, so that many of them
 * commit together. Times are durations: the store's own clock says when they end.
 */
export type Operation = EntryOperation | QueueOperation | LockOperation | ContentOperation | RunOperation | Sweep;

export type EntryOperation = SetEntries | DeleteEntry;

/** Writes entries, all or none. */
export interface SetEntries {
  readonly kind: "set";
  readonly store: string;
  readonly entries: readonly {
    readonly key: string;
    readonly value: Uint8Array;
    /** Only if this is its version now; 0: only if there is none. undefined: whatever is there. */
    readonly ifVersion: number | undefined;
  }[];
  /** After so long they are absent; undefined: never. */
  readonly ttlMs: number | undefined;
  /** Only while the lock that gave this token is held by its taker. */
  readonly fence: number | undefined;
}

export interface DeleteEntry {
  readonly kind: "delete";
  readonly store: string;
  readonly key: string;
  readonly ifVersion: number | undefined;
  readonly fence: number | undefined;
}

export type QueueOperation = Send | Claim | Extend | Finish | Fail | GiveBack | DeadLetters;

/** Puts a message into queues: into one, or into each subscription of a topic. Into all or none. */
export interface Send {
  readonly kind: "send";
  readonly queues: readonly string[];
  readonly body: Uint8Array;
  /** A second message of this id is refused for a day: `duplicate`. */
  readonly id: string | undefined;
  /** Messages of one key are worked on one after the other, in the order in which they were sent. */
  readonly key: string | undefined;
  readonly delayMs: number;
  /** OVERLOADED where as many wait already. */
  readonly maxLength: number | undefined;
}

/** Takes messages out on loan. What is not finished before the lease ends is given to another. */
export interface Claim {
  readonly kind: "claim";
  readonly queue: string;
  readonly holder: string;
  readonly most: number;
  readonly leaseMs: number;
  /** A message that was claimed so often and never finished is a dead letter. */
  readonly mostAttempts: number;
  /**
   * A message may come before the disk has it: a power cut may make it one that was never sent, and whose sender was never told that it
   * was. Not for who keeps what he did under its number. @default false
   */
  readonly early?: boolean;
}

/** Names one claim of one message: an attempt that is over has another number. */
export interface ClaimedMessage {
  readonly queue: string;
  readonly message: number;
  readonly attempt: number;
}

export interface Extend extends ClaimedMessage {
  readonly kind: "extend";
  readonly leaseMs: number;
}

export interface Finish extends ClaimedMessage {
  readonly kind: "finish";
}

/** The handler failed: again after a while, or never. */
export interface Fail extends ClaimedMessage {
  readonly kind: "fail";
  /** undefined: it is a dead letter. */
  readonly retryInMs: number | undefined;
  readonly reason: string;
}

/** Nobody worked on it: as if it had not been claimed. */
export interface GiveBack extends ClaimedMessage {
  readonly kind: "give-back";
}

export interface DeadLetters {
  readonly kind: "dead-letters";
  readonly queue: string;
  readonly action: "retry" | "drop";
  /** undefined: all. */
  readonly message: number | undefined;
}

export type LockOperation = Acquire | Renew | Release;

export interface Acquire {
  readonly kind: "acquire";
  readonly lock: string;
  /** Who asks. The holder itself gets the token that it has. */
  readonly holder: string;
  readonly leaseMs: number;
}

export interface Renew {
  readonly kind: "renew";
  readonly lock: string;
  readonly token: number;
  readonly leaseMs: number;
}

export interface Release {
  readonly kind: "release";
  readonly lock: string;
  readonly token: number;
}

export type ContentOperation = Drop | Move;

/**
 * Removes all that is kept under a name: the entries of a store, the messages of a queue, dead ones as well, or the runs of a program,
 * open ones as well.
 */
export interface Drop {
  readonly kind: "drop";
  readonly what: "store" | "queue" | "runs";
  readonly name: string;
}

/** Keeps under another name what is kept under one. Does nothing where there is something under the other. */
export interface Move {
  readonly kind: "move";
  readonly what: "store" | "queue";
  readonly from: string;
  readonly to: string;
}

/** Forgets what is over: entries, ids of messages, dead letters, answers that nobody asks for again. A bounded piece of it. */
export interface Sweep {
  readonly kind: "sweep";
  readonly deadLetterMs: number;
}

/** What became of an operation. A refusal changed nothing. */
export type Outcome = { readonly ok: unknown } | { readonly refused: Refusal };

export interface Refusal {
  readonly code: "ABORTED" | "OVERLOADED" | "NOT_FOUND" | "FAILED_PRECONDITION";
  readonly message: string;
}

/** The outcome of each operation that succeeds, by its kind. */
export interface Results extends RunResults {
  /** The new version of each entry, in their order. */
  readonly set: { readonly versions: readonly number[] };
  readonly delete: { readonly existed: boolean };
  readonly send: { readonly duplicate: boolean };
  readonly claim: { readonly messages: readonly Message[] };
  readonly extend: Record<never, never>;
  readonly finish: Record<never, never>;
  readonly fail: Record<never, never>;
  readonly "give-back": Record<never, never>;
  readonly "dead-letters": { readonly count: number };
  readonly acquire: { readonly token: number } | { readonly heldBy: string; readonly forMs: number };
  readonly renew: Record<never, never>;
  readonly release: Record<never, never>;
  readonly drop: { readonly count: number };
  readonly move: { readonly count: number };
  /** Whether there is more to forget. */
  readonly sweep: { readonly more: boolean };
}

export interface Message {
  readonly message: number;
  readonly attempt: number;
  readonly body: Uint8Array;
  readonly key: string | undefined;
  readonly id: string | undefined;
  /** By the store's clock, in milliseconds since 1970. */
  readonly sentAt: number;
}

/** What can be asked without changing anything. */
export type Query =
  | RunQuery
  | { readonly kind: "get"; readonly store: string; readonly keys: readonly string[] }
  | {
      readonly kind: "list";
      readonly store: string;
      readonly prefix: string;
      /** Only keys behind this one, in the order of their UTF-8 bytes. */
      readonly after: string | undefined;
      readonly most: number;
    }
  /** Entries whose time is over by now, or in so long, of all stores, behind one of them, in the order of {@link Expiry}; those that a sweep forgot are not among them. */
  | { readonly kind: "ended"; readonly from: Expiry; readonly aheadMs: number; readonly most: number }
  | { readonly kind: "queue"; readonly queue: string }
  | { readonly kind: "dead"; readonly queue: string; readonly after: number; readonly most: number }
  /** Messages that are not dead, in the order in which they were sent. */
  | { readonly kind: "messages"; readonly queue: string; readonly after: number; readonly most: number }
  | { readonly kind: "lock"; readonly lock: string }
  /** What is kept under which names. Reads all of it: for people, now and then. */
  | { readonly kind: "contents" }
  | { readonly kind: "time" };

export interface Entry {
  readonly key: string;
  readonly value: Uint8Array;
  readonly version: number;
}

/** When the time of an entry is over, by the store's clock: in that order, then by store and key. */
export interface Expiry {
  readonly at: number;
  readonly store: string;
  readonly key: string;
}

export interface Ended {
  readonly ended: readonly Expiry[];
  /** The store's time. */
  readonly now: number;
  /** How long until the next; undefined: nothing that is there will end. */
  readonly nextInMs: number | undefined;
}

export interface QueueState {
  /** Ready, delayed, or behind another of its key. */
  readonly waiting: number;
  readonly working: number;
  readonly dead: number;
  /** How long until the next waits no more or a lease ends; undefined: nothing will happen by time alone. */
  readonly nextInMs: number | undefined;
}

export interface DeadLetter extends Message {
  readonly reason: string;
  readonly diedAt: number;
}

export interface QueuedMessage extends Message {
  /** `behind`: another message of its key comes first. */
  readonly state: "waiting" | "behind" | "working";
  /** How long it waits yet, or its lease goes on. */
  readonly forMs: number;
}

export interface Contents {
  /** In the order of their names; of entries whose time is not over. */
  readonly stores: readonly { readonly name: string; readonly entries: number; readonly bytes: number }[];
  readonly queues: readonly {
    readonly name: string;
    readonly waiting: number;
    readonly working: number;
    readonly dead: number;
    readonly bytes: number;
  }[];
  readonly runs: readonly {
    /** Of the program. */
    readonly name: string;
    readonly open: number;
    readonly paused: number;
    readonly ended: number;
    readonly bytes: number;
  }[];
}

export interface Answers extends RunAnswers {
  /** In the order of the keys; undefined: absent. */
  readonly get: readonly (Entry | undefined)[];
  readonly list: readonly Entry[];
  readonly ended: Ended;
  readonly queue: QueueState;
  readonly dead: readonly DeadLetter[];
  readonly messages: readonly QueuedMessage[];
  readonly contents: Contents;
  readonly lock: { readonly holder: string; readonly token: number; readonly forMs: number } | undefined;
  /** Milliseconds since 1970, by the store's clock. */
  readonly time: number;
}
