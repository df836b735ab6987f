import type { Clock } from "../clock/clock.ts";

/** A flag of a verb that a resource brings. */
export interface ResourceVerbFlag {
  /** Without dashes. */
  readonly name: string;
  /** What its value is called in `--help`; a flag without one is there or not. */
  readonly value?: string;
  readonly help: string;
}

/** A verb of the command line that is there where an app has resources of a kind, such as `queue`. Its code loads when it is typed. */
export interface ResourceVerb {
  readonly name: string;
  /** Its words, as `--help` shows them. */
  readonly words: string;
  /** How many words it takes at most. */
  readonly mostWords: number;
  /** One line. */
  readonly summary: string;
  /** More, for its own `--help`. */
  readonly details: readonly string[];
  readonly flags: readonly ResourceVerbFlag[];
  load(): Promise<RunResourceVerb>;
}

/** Runs a verb. Returns the exit status: 0 done, 1 failed. */
export type RunResourceVerb = (command: ResourceCommand) => Promise<number>;

/**
 * What a resource has to say before other code runs on what it keeps: `plan` shows it, and `up` what it warns of. Its code loads only
 * there, and where its keeper is deployed, or has kept something.
 */
export interface Preflight {
  /** The key of its facts in `plan --json` and `up --json`, beside the changes and the status. */
  readonly name: string;
  load(): Promise<RunPreflight>;
}

/** Looks, and changes nothing; bounded in what it reads. Undefined: there is nothing to say. Where it fails, the command says so and goes on. */
export type RunPreflight = (command: ResourceCommand) => Promise<Foreseen | undefined>;

/** What was found. */
export interface Foreseen {
  /** Plain data. */
  readonly facts: unknown;
  /** For people; a line each. */
  readonly lines: readonly string[];
  /** The same of what will not go well, with what to do: `up` shows these alone. */
  readonly warnings: readonly string[];
}

/** What a resource's verb works with. */
export interface ResourceCommand {
  readonly app: string;
  /** What the file declares. */
  readonly resources: readonly DeclaredResource[];
  /** The services of the app, hidden ones as well. */
  readonly services: readonly ComposedService[];
  /** Where the user is. */
  readonly cwd: string;
  /** The words behind the verb. */
  readonly words: readonly string[];
  readonly flags: Readonly<Record<string, string>>;
  readonly json: boolean;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** A line of the result. */
  out(line: string): void;
  /** A line beside it, for people. */
  err(line: string): void;
  /** Lines of columns. */
  table(rows: readonly (readonly string[])[]): void;
  /** What a user types to have something else done to the same app, e.g. `npx tsx app.ts runs --runner=docker`. */
  typed(words: string): string;
  /** A word as JSON, or `-` for JSON on standard input. WRONG_USE where it is none. */
  input(word: string): Promise<unknown>;
  /** Asks, unless --yes was given. WRONG_USE where the answer is no. */
  confirm(question: string): Promise<void>;
  /** Runs a program on the terminal of whoever typed the command, until it ends. WRONG_USE where it is not installed. Its exit status. */
  exec(program: string, words: readonly string[], env: Readonly<Record<string, string>>): Promise<number>;
  /** Finds what keeps resources. WRONG_USE where nothing of the app is deployed, and nothing is kept. */
  keeper(name: string): Promise<Keeper>;
}

/** A service of the app, as the process of the command has composed it. */
export interface ComposedService {
  readonly name: string;
  /** The pattern of which it is made; null: it is handlers, or an image. */
  readonly pattern: string | null;
  /** What was given to that pattern as its `root`: a package knows its own by it. Undefined where there is no pattern. */
  readonly root: unknown;
}

/** A resource as the app file declares it. */
export interface DeclaredResource {
  readonly kind: string;
  readonly name: string;
  readonly keeper: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** The way to a hidden service that keeps resources, for as long as the command lasts. */
export interface Keeper {
  /** Calls a procedure. Fails as a call does. */
  call(
    procedure: string,
    input: unknown,
    options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal },
  ): Promise<unknown>;
  /**
   * Where a port of an image beside it is, as seen from this process; the way to it stays open as long as the command.
   * UNAVAILABLE where it is not known in time, FAILED_PRECONDITION where the runner cannot tell.
   */
  address(
    service: string,
    port: { readonly name: string; readonly number: number },
  ): Promise<{ readonly host: string; readonly port: number }>;
}

/**
 * What a keeper can be asked by the command line, beside what its clients ask it: procedures of these names. `kept` says what there
 * is; `drop` removes the data of one resource, and is where `delete --data=kind:name` ends; `backup` gives all that it keeps, as of
 * one point in time, while work goes on; `restore` takes that into an empty keeper, or refuses it (FAILED_PRECONDITION).
 */
export interface KeeperProcedures {
  kept(): Promise<Holdings>;
  drop(resource: { readonly kind: string; readonly name: string }): Promise<{ readonly dropped: boolean }>;
  backup(): AsyncIterable<Uint8Array>;
  /** FAILED_PRECONDITION where `restore` would refuse for what is there: asked of all keepers before anything is restored. */
  restorable(): Promise<void>;
  restore(bytes: AsyncIterable<Uint8Array>): Promise<void>;
}

/** What a keeper keeps. */
export interface Holdings {
  /** The resources of the revision that last used it. */
  readonly declared: readonly DeclaredResource[];
  readonly things: readonly KeptThing[];
  /** In which of its variants it keeps them; absent: as it does without a choice. */
  readonly variant?: string;
}

/** The data of one resource, whether it is still declared or not. */
export interface KeptThing {
  readonly kind: string;
  readonly name: string;
  /** What it is, e.g. `12 messages`. */
  readonly holds: string;
  readonly bytes: number;
  /** It is declared as long as there is this service, whatever resources are. */
  readonly service?: string;
}
