import type { CallOptions } from "../declare/types.ts";

/** Which service of what runs: as the `hadron` command finds it. */
export interface ConnectTarget {
  /** The app. @default the one that has the service */
  readonly app?: string;
  /** The service. @default the only one of the app */
  readonly service?: string;
  /** Ask this runner only, e.g. `kubernetes`. @default all that are installed and can tell what runs */
  readonly runner?: string;
  /** The runner's own flags, e.g. `{ namespace: "shop" }`. @default none */
  readonly flags?: Readonly<Record<string, string>>;
}

/** Options of `connect`. */
export interface ConnectOptions {
  /** Ends the search; calls take one of their own. */
  readonly signal?: AbortSignal;
  /** How long the search may take. @default 30 000 */
  readonly timeoutMs?: number;
}

/** What reaches one service from outside. */
export interface Reached extends AsyncDisposable {
  readonly service: string;
  readonly procedures: readonly string[];
  call(procedure: string, input: unknown, options: CallOptions): Promise<unknown>;
}
