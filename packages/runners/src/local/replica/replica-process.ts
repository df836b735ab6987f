import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import type { FromReplica, ToReplica } from "@hadron/core/spi";
import { systemCode } from "@hadron/core/spi";
import { type Exit, toExit } from "./exit.ts";

export interface Launch {
  readonly flags: readonly string[];
  /** The bundle. */
  readonly file: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly heapMiB: number;
}

export interface ProcessEvents {
  message(message: FromReplica): void;
  line(line: string): void;
}

/** A line that is longer is cut into several, which say so. */
const LONGEST_LINE = 1024 * 1024;
const CUT = " […]";
const TAIL_LINES = 30;
const LONGEST_TAIL = 4096;
/** What was written last is waited for, but not for longer: a process that this one started may hold the pipe open. */
const LAST_OUTPUT_MS = 100;

/** One process of a replica, from its start to its end. */
export class ReplicaProcess {
  readonly #child: ChildProcess;
  readonly #tail: string[] = [];
  readonly exited: Promise<Exit>;
  #alive = true;

  constructor(launch: Launch, events: ProcessEvents) {
    this.#child = spawn(process.execPath, [...launch.flags, launch.file], {
      cwd: launch.cwd,
      env: launch.env,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      // A process group of its own, so that Ctrl-C reaches the runner alone, and what the replica starts ends with it.
      detached: true,
    });
    this.#child.on("message", (message: FromReplica) => events.message(message));
    const line = (text: string) => {
      this.#tail.push(text.length > LONGEST_TAIL ? text.slice(0, LONGEST_TAIL) + CUT : text);
      if (this.#tail.length > TAIL_LINES) this.#tail.shift();
      events.line(text);
    };
    for (const stream of [this.#child.stdout, this.#child.stderr]) if (stream !== null) splitLines(stream, line);
    this.exited = new Promise((resolve) => {
      this.#child.once("error", (error) => {
        if (this.#child.pid !== undefined) return; // A message that could not be sent to a process that is gone.
        this.#alive = false;
        resolve({ code: null, signal: null, reason: `could not be started: ${error.message}` });
      });
      this.#child.once("exit", (code, signal) => {
        this.#alive = false;
        this.#kill("SIGKILL");
        const done = () => resolve(toExit(code, signal, this.#tail, launch.heapMiB));
        const timer = setTimeout(done, LAST_OUTPUT_MS);
        this.#child.once("close", () => {
          clearTimeout(timer);
          done();
        });
      });
    });
  }

  /** Undefined where it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** The last lines that it wrote. */
  get tail(): readonly string[] {
    return this.#tail;
  }

  /** Does nothing if it is gone: that comes by `exited`. */
  send(message: ToReplica): void {
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  /**
   * Passes a connection on. Calls back when it is on its way: this process's own handle of it can then be closed, and
   * should be, since the connection ends for its caller when nobody has it any more. Or with false where the replica is
   * gone: the connection is still whole. (Without `keepOpen`, Node would lose one that it could not send.)
   */
  pass(socket: Socket, done: (passed: boolean) => void): void {
    if (!this.#child.connected) {
      done(false);
      return;
    }
    this.#child.send({ type: "connection" } satisfies ToReplica, socket, { keepOpen: true }, (error) =>
      done(error === null),
    );
  }

  /** Asks it to drain and end. */
  terminate(): void {
    if (this.#alive && this.#child.pid !== undefined) this.#child.kill("SIGTERM");
  }

  /** Ends it, and all that it started, at once. */
  kill(): void {
    if (this.#alive) this.#kill("SIGKILL");
  }

  #kill(signal: NodeJS.Signals): void {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, signal);
    } catch (error) {
      // ESRCH: nobody of the group is left. EPERM, on macOS: the same, not reaped yet.
      const code = systemCode(error);
      if (code !== "ESRCH" && code !== "EPERM") throw error;
    }
  }
}

function splitLines(stream: Readable, line: (text: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const whole of lines) line(whole.endsWith("\r") ? whole.slice(0, -1) : whole);
    while (rest.length > LONGEST_LINE) {
      line(rest.slice(0, LONGEST_LINE) + CUT);
      rest = rest.slice(LONGEST_LINE);
    }
  });
  stream.on("close", () => {
    if (rest !== "") line(rest);
    rest = "";
  });
  stream.on("error", () => {}); // The process is gone; that comes by `exited`.
}
