/**
 * What can be done to the logs of durable programs. A run is named by its program and an id; its events and messages are
 * bytes to the store. One owner at a time works on it: its lease says that it lives, the run's epoch that it still owns it.
 */
export type RunOperation = StartRun | ClaimRuns | KeepRuns | AppendRun | SendRun | ResumeRun;

/** An event of a log. The store keeps its type and the command that it speaks of beside it, for those who look. */
export interface RunEvent {
  readonly type: string;
  readonly command: number | undefined;
  /** By the owner's clock, in milliseconds since 1970. */
  readonly at: number;
  readonly body: Uint8Array;
}

/** Begins a run with its first event, unless there is one of that id. OVERLOADED where its slot has no room. */
export interface StartRun {
  readonly kind: "start-run";
  readonly program: string;
  readonly id: string;
  readonly event: RunEvent;
  /** Events of another run, of which this one is a fork. @default none */
  readonly more?: readonly RunEvent[];
  /** Whose runs share a limit: see {@link ClaimRuns}. @default none has a limit on it */
  readonly slot?: string | undefined;
  /** How many of its slot may be under way or wait for their turn, with this one. @default as many as come */
  readonly mostInSlot?: number | undefined;
  /** Of those that have not begun, the highest comes first. @default 0 */
  readonly priority?: number | undefined;
  /** With whose end by force it ends. @default nobody's */
  readonly parent?: ParentRun | undefined;
  /**
   * Who has it at once, as if it were claimed in this commit; `more` are the events that it wrote beforehand. Not where its parent is
   * cancelled, nor of a program that limits when runs begin. @default whoever claims it
   */
  readonly owner?: FirstOwner | undefined;
}

export interface FirstOwner {
  readonly holder: string;
  readonly leaseMs: number;
}

/** The run that begins another. Where that command of it is cancelled already, the message is put into the new run's inbox. */
export interface ParentRun {
  readonly program: string;
  readonly id: string;
  readonly command: number;
  readonly cancel: Uint8Array;
}

/** Takes runs that have something to do: new ones, those whose time has come, those whose owner is not heard of any more. */
export interface ClaimRuns {
  readonly kind: "claim-runs";
  readonly program: string;
  readonly holder: string;
  readonly most: number;
  readonly leaseMs: number;
  /** Messages for runs that this holder has already: those behind this number. */
  readonly after: number;
  /** An answer may have been lost: which runs the holder knows of, so that it is told of the others that are its. @default all */
  readonly known: readonly number[] | undefined;
  /**
   * How many runs of one slot may have a place, whoever owns them: another one waits for its turn, until a place is free. A run takes its
   * place when it is claimed. @default as many as there are
   */
  readonly limit?: number | undefined;
  /** So many runs of the program begin in any time of that length: the next waits. @default as many as there are */
  readonly rate?: { readonly limit: number; readonly perMs: number } | undefined;
  /** What the holder's program says of itself: in its first claim. */
  readonly first?: FirstClaim | undefined;
}

/** The limit may be another than that by which runs were sent to wait: whose turn it is is decided anew. */
export interface FirstClaim {
  /** Runs of the program that are over are kept for so long; null: for ever. */
  readonly keepMs: number | null;
}

/** An owner lives: keeps all its runs. */
export interface KeepRuns {
  readonly kind: "keep-runs";
  readonly holder: string;
  readonly leaseMs: number;
}

/**
 * Appends events to a run's log. ABORTED where the epoch, or the length, is not what the run's is: another has it. One that comes
 * again, of events that the run goes on or ends with, has been done: its owner appends one after the other.
 */
export interface AppendRun {
  readonly kind: "append-run";
  readonly program: string;
  readonly run: number;
  readonly epoch: number;
  /** How many events the log has. */
  readonly length: number;
  readonly events: readonly RunEvent[];
  /** Messages that these events are made of: they come no more. */
  readonly taken: readonly number[];
  /**
   * Messages that came to the owner itself, and are among these events: their keys are kept. ABORTED, and nothing is done, where one of
   * them was there before, or where a message waits in the inbox that came before them. @default none
   */
  readonly direct?: readonly { readonly key: string | undefined }[] | undefined;
  readonly next: RunNext;
  /** It is cancelled, or killed: so are the runs that commands before this event began, by this message. */
  readonly cancelsChildren?: { readonly before: number; readonly cancel: Uint8Array } | undefined;
}

/** What becomes of the run then. */
export type RunNext =
  /** Its owner goes on. */
  | { readonly state: "owned" }
  /** It has no owner: for so long, or until a message comes. */
  | { readonly state: "resting"; readonly wakeInMs: number | undefined; readonly keepsPlace?: boolean }
  /** It has no owner until somebody resumes it. */
  | { readonly state: "paused"; readonly because: string; readonly keepsPlace?: boolean }
  /** Its log is the last of these events from now on, so many of them; the rest is gone. It has no owner, and something to do. */
  | { readonly state: "continued"; readonly keeps: number }
  /** It is over; whoever waits for it is told so in the same commit. */
  | { readonly state: "ended"; readonly tell: Letter | undefined };

/** A message for another run's inbox. Nobody is told where that is over, or was never there. */
export interface Letter {
  readonly program: string;
  readonly id: string;
  readonly key: string;
  readonly body: Uint8Array;
}

/** Puts a message into a run's inbox. NOT_FOUND where there is no such run, FAILED_PRECONDITION where it is over. */
export interface SendRun {
  readonly kind: "send-run";
  readonly program: string;
  readonly id: string;
  /** A second message of this key is refused: `duplicate`. */
  readonly key: string | undefined;
  readonly body: Uint8Array;
  /** A run that waits for its turn need not wait for this. */
  readonly isUrgent?: boolean;
}

/** Lets a paused run go on. NOT_FOUND where there is none. */
export interface ResumeRun {
  readonly kind: "resume-run";
  readonly program: string;
  readonly id: string;
}

export interface RunResults {
  /** `run`: its number, where it was created for its owner. */
  readonly "start-run": { readonly created: boolean; readonly run?: number };
  readonly "claim-runs": {
    readonly runs: readonly ClaimedRun[];
    readonly messages: readonly RunMessage[];
    /** How long until there may be more by time alone; undefined: nothing will happen by it. */
    readonly nextInMs: number | undefined;
  };
  readonly "keep-runs": Record<never, never>;
  /** Who was told: the program, and the owner that its run has; and whether it is another run's turn now. */
  readonly "append-run": {
    readonly freed?: boolean;
    readonly told?: Told | undefined;
    /** Children that were told so. */
    readonly cancelled?: readonly Told[];
  };
  readonly "send-run": { readonly duplicate: boolean; readonly holder: string | undefined };
  readonly "resume-run": { readonly resumed: boolean };
}

/** Whose run has a message now. */
export interface Told {
  readonly program: string;
  readonly holder: string | undefined;
}

export interface ClaimedRun {
  readonly run: number;
  readonly id: string;
  readonly epoch: number;
  /** Its log has the events from here to `length`. */
  readonly first: number;
  readonly length: number;
  /** Its inbox, in the order in which it came. */
  readonly messages: readonly RunMessage[];
}

export interface RunMessage {
  readonly number: number;
  readonly run: number;
  readonly body: Uint8Array;
}

export type RunQuery =
  | { readonly kind: "run"; readonly program: string; readonly id: string }
  /** Runs of a program, the latest first. */
  | {
      readonly kind: "runs";
      readonly program: string;
      readonly state: RunState | undefined;
      /** Only those that were started before this one. */
      readonly before: number | undefined;
      readonly most: number;
    }
  /** Events from one on: so many at most, and fewer, but one at least, where they come to more than {@link MOST_EVENT_BYTES}. */
  | { readonly kind: "run-events"; readonly run: number; readonly from: number; readonly most: number };

/** What the events of one answer may have in all: no log is too large to be read. */
export const MOST_EVENT_BYTES = 4 * 1024 * 1024;

export type RunState = "open" | "paused" | "ended";

export interface RunFacts {
  readonly run: number;
  readonly id: string;
  readonly state: RunState;
  readonly epoch: number;
  /** Its log has the events from here to `length`: those before went as it began anew. */
  readonly first: number;
  readonly length: number;
  readonly holder: string | undefined;
  /** Why it is paused. */
  readonly because: string | undefined;
  readonly startedAt: number;
  readonly endedAt: number | undefined;
  /** Whose runs share a limit with it. */
  readonly slot: string | undefined;
}

export interface RunAnswers {
  readonly run: RunFacts | undefined;
  readonly runs: readonly RunFacts[];
  readonly "run-events": readonly RunEvent[];
}
