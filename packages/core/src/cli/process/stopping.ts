import { HadronError } from "../../errors.ts";

/** The process that the command is: `process`, or what a test gives. */
export interface OwnProcess {
  /** What its exit status will be. */
  exitCode?: number | string | null | undefined;
  on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  off(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  /** Ends the process at once. */
  exit(status: number): void;
}

/** That the user wants the command to end. */
export interface Stopping extends Disposable {
  readonly signal: AbortSignal;
  /** The exit status that it asks for: 130 Ctrl-C, 143 SIGTERM; undefined while nobody does. */
  readonly status: number | undefined;
  /** Ends the command as if by a signal. */
  stop(status: number): void;
}

const STATUS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/**
 * How long a second signal counts as the first: a terminal sends Ctrl-C to all processes of the command, and the ones in
 * front of this one (npx, tsx) pass theirs on.
 */
const SAME_SIGNAL_MS = 300;

/** Watches for own. The first one asks to stop; a second one ends the process at once. */
export function watchSignals(
  own: OwnProcess,
  on: { readonly stop: (signal: NodeJS.Signals) => void; readonly force: () => void },
  now: () => number = () => performance.now(),
): Stopping {
  const controller = new AbortController();
  let status: number | undefined;
  let since = 0;
  const stop = (wanted: number) => {
    if (status !== undefined) return;
    status = wanted;
    since = now();
    controller.abort(new HadronError("CANCELLED", "The command was stopped."));
  };
  const listener = (name: NodeJS.Signals) => {
    const wanted = STATUS[name as keyof typeof STATUS];
    if (status === undefined) {
      on.stop(name);
      stop(wanted);
    } else if (now() - since >= SAME_SIGNAL_MS) {
      on.force();
      own.exit(wanted);
    }
  };
  const names = Object.keys(STATUS) as NodeJS.Signals[];
  for (const name of names) own.on(name, listener);
  return {
    signal: controller.signal,
    get status() {
      return status;
    },
    stop,
    [Symbol.dispose]() {
      for (const name of names) own.off(name, listener);
    },
  };
}
