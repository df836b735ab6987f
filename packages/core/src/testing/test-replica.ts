import type { Member } from "../call/directory/directory.ts";
import type { Interceptor } from "./interceptor.ts";

/** One replica of an app under test: it can be killed, slowed down and cut off. */
export interface TestReplica {
  /** Its full name, e.g. `histogram-service.leaf.3`. */
  readonly name: string;
  readonly service: string;
  /** Its number among all replicas of the service, from 0. */
  readonly ordinal: number;
  readonly state: Member["state"];
  /** Calls that it has taken since it started. */
  readonly calls: number;
  /**
   * Ends it as `kill -9` does: calls in it fail. It counts as failed, and callers are told at once; `away: true` makes it
   * one that is being restarted, for which callers wait within their deadline.
   */
  kill(options?: { readonly away?: boolean }): void;
  /**
   * Whether it runs the app's file for itself, as a process does, so that what the file keeps in variables is its own, and
   * gone after {@link restart}; or shares with all others, and the test, the file that the test imported.
   */
  readonly module: "own" | "shared";
  /** Starts it anew, with nothing of what it knew, save what a shared {@link module} keeps. */
  restart(): void;
  /** Delivers each piece of what it sends and gets so much later, in milliseconds. */
  slow(ms: number): void;
  /** Breaks its connections and refuses new ones; it lives on. */
  cut(): void;
  /** Delivers nothing any more and says nothing: a peer that hangs. */
  hang(): void;
  /** Undoes `slow`, `cut` and `hang`. */
  restore(): void;
  /**
   * Has whoever stands between it and its callers see each call, and lose some, also after a {@link restart}; undefined: nobody.
   *
   * @example
   * app.replica("mail").intercept({ answer: ({ procedure }) => (procedure === "send" ? "lost" : undefined) });
   */
  intercept(interceptor: Interceptor | undefined): void;
}
