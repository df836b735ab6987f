/**
 * What a run's log is made of. Its events are numbered from 0, appended by the run's owner alone, and never changed. Values
 * are bytes, as the store keeps values. `at` is the owner's time, in milliseconds since 1970.
 */
export type LogEvent = Started | Called | Attempted | Failed | Delivery | Ended;

/** What the engine gives to the program: one at a time, in the order of the log. */
export type Delivery = Settled | Received | Cancelled;

export interface Started {
  readonly type: "started";
  readonly at: number;
  readonly input: Uint8Array;
  /** What the tokens of hooks are made with, and what chance is drawn from (`log/chance.ts`): 32 hexadecimal digits. */
  readonly secret: string;
  /** The rules by which it is replayed. A change of the engine that alters them gets a new number. */
  readonly engine: number;
  /** Which command of which run waits for it; undefined: none. */
  readonly parent: Parent | undefined;
  /** Its commands are numbered from here: where the run began anew, behind all of its logs before. @default 0 */
  readonly base?: number;
}

/** A command of another run. */
export interface Parent {
  readonly program: string;
  readonly id: string;
  readonly command: number;
}

/** `patch`: the program goes the changed way; nothing comes of it. */
export type CommandKind = "step" | "call" | "external" | "sleep" | "next" | "patch";

/** The program asks for something: the intent. What it does outside begins once this is committed. */
export interface Called {
  readonly type: "called";
  readonly at: number;
  /** Its place among all that the program has asked for, from 0. */
  readonly command: number;
  readonly kind: CommandKind;
  /** What the program calls it; of `next`, the hook's name. */
  readonly name: string;
  /** Of a sleep: when it ends. */
  readonly until: number | undefined;
}

/** A second or later attempt of a step begins. The first begins with its {@link Called}. */
export interface Attempted {
  readonly type: "attempted";
  readonly at: number;
  readonly command: number;
  readonly attempt: number;
}

/** An attempt of a step failed, and another follows. */
export interface Failed {
  readonly type: "failed";
  readonly at: number;
  readonly command: number;
  readonly attempt: number;
  readonly error: ErrorRecord;
  readonly retryAt: number;
}

/** What became of a command. */
export interface Settled {
  readonly type: "settled";
  readonly at: number;
  readonly command: number;
  readonly outcome: Outcome;
}

/** Something came for a hook: for whoever waits for it, or for its mailbox. */
export interface Received {
  readonly type: "received";
  readonly at: number;
  readonly hook: string;
  readonly value: Uint8Array;
}

export interface Cancelled {
  readonly type: "cancelled";
  readonly at: number;
  readonly reason: string;
}

export interface Ended {
  readonly type: "ended";
  readonly at: number;
  readonly outcome: Outcome;
}

export type Outcome = { readonly ok: Uint8Array } | { readonly error: ErrorRecord };

/** An error as it is kept: what the program catches live is made of this, too, so that a replay catches the same. */
export interface ErrorRecord {
  readonly name: string;
  readonly message: string;
  /** Of a `HadronError`. */
  readonly code: string | undefined;
  readonly retryable: boolean;
}

/** The rules of this engine. 1 drew chance from the secret itself. */
export const ENGINE = 2;
