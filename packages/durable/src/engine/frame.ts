import { createHmac } from "node:crypto";
import { HadronError } from "@hadron/core";
import { Chance, type InnerTime, innerTime } from "@hadron/core/spi";
import { toToken } from "../log/token.ts";
import type { CommandSpec } from "./command.ts";
import { enterRace, loseRace } from "./mailbox.ts";

/** A run, as its program sees it. */
export interface Executing {
  /** Which one it is, among all of its app: `program/id`. */
  readonly run: string;
  /** Where outside callers find its program: a URL without a slash at its end; empty where nobody knows. */
  readonly doorUrl: string;
  /** The time of the program, in milliseconds since 1970. */
  readonly now: number;
  /** The program asks for something. */
  command(spec: CommandSpec, isShielded: boolean): Promise<unknown>;
  /** Whether the program goes the changed way. */
  patch(name: string): boolean;
  /** The next message of a hook. */
  next(hook: string, isShielded: boolean): Promise<unknown>;
}

/** What a program stands on while it runs: its run, and time and chance that a replay finds again. */
export class Frame implements InnerTime {
  readonly execution: Executing;
  /** Whether a cancel passes this part by. */
  readonly isShielded: boolean;
  readonly #source: ChanceSource;

  constructor(execution: Executing, source: ChanceSource, isShielded = false) {
    this.execution = execution;
    this.isShielded = isShielded;
    this.#source = source;
  }

  now(): number {
    return this.execution.now;
  }

  random(): number {
    return this.#source.chance.number();
  }

  uuid(): string {
    return this.#source.uuid();
  }

  /** Where outside callers find its program: a URL without a slash at its end; empty where nobody knows. */
  get doorUrl(): string {
    return this.execution.doorUrl;
  }

  /** Of one of its hooks: nobody guesses it. */
  token(hook: string): string {
    const { run } = this.execution;
    return toToken(this.#source.secret, { id: run.slice(run.indexOf("/") + 1), hook });
  }

  refuse(what: string): never {
    const instead = what === "fetch" ? "http.request(url, init)" : "sleep(duration)";
    throw new HadronError(
      "FAILED_PRECONDITION",
      `${what} inside a durable program, outside of a step: no log would know of it. Use ${instead}, or put it into step(name, …).`,
    );
  }

  race(promises: readonly unknown[]): () => void {
    enterRace(promises);
    return () => loseRace(promises);
  }

  shielded(): Frame {
    return new Frame(this.execution, this.#source, true);
  }
}

/** Chance that a replay finds again. */
export class ChanceSource {
  /** What tokens are made with. */
  readonly secret: string;
  /** Most programs never ask. */
  readonly #seedOf: () => string;
  #seed: string | undefined;
  #chance: Chance | undefined;
  #uuids = 0;

  constructor(secret: string, seedOf: () => string) {
    this.secret = secret;
    this.#seedOf = seedOf;
  }

  get chance(): Chance {
    this.#chance ??= new Chance(this.#seedHere());
    return this.#chance;
  }

  #seedHere(): string {
    this.#seed ??= this.#seedOf();
    return this.#seed;
  }

  uuid(): string {
    const bytes = createHmac("sha256", this.#seedHere())
      .update(`uuid ${this.#uuids++}`)
      .digest()
      .subarray(0, 16);
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
    const digits = bytes.toString("hex");
    return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join(
      "-",
    );
  }
}

/** The frame of the running code; undefined outside of a program, and inside of a step. */
function frameHere(): Frame | undefined {
  const inner = innerTime.getStore();
  return inner instanceof Frame ? inner : undefined;
}

/** The frame of the running code. FAILED_PRECONDITION where it is none of a durable program. */
export function frameFor(what: string): Frame {
  const frame = frameHere();
  if (frame !== undefined) return frame;
  throw new HadronError(
    "FAILED_PRECONDITION",
    `${what} is for durable programs: call it in the function given to durable(…), and outside of its steps.`,
  );
}
