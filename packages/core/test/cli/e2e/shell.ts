import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../../../..", import.meta.url));
const TSX = join(root, "node_modules/tsx/dist/cli.mjs");

/** What an app file in apps/ is called on the command line. */
export const appFile = (name: string) => resolve(import.meta.dirname, "apps", `${name}.ts`);

export interface TypeOptions {
  readonly stdin?: string;
  /** What stands before the words. @default tsx, as npm installs it */
  readonly command?: readonly string[];
}

/** A user with a home of their own, in which nothing runs, and without an engine or a cluster. */
export class Shell implements AsyncDisposable {
  readonly home = mkdtempSync(join(tmpdir(), "hsh-"));
  readonly #running = new Set<Typed>();

  /** Types `tsx …` in the repository's root. */
  type(words: readonly string[], { stdin = "", command = [process.execPath, TSX] }: TypeOptions = {}): Typed {
    const [program = "", ...before] = command;
    const child = spawn(program, [...before, ...words], {
      cwd: root,
      env: {
        PATH: process.env.PATH,
        HOME: this.home,
        XDG_RUNTIME_DIR: this.home,
        DOCKER_HOST: "unix:///nowhere.sock",
      },
      // Of its own process group, so that one signal reaches all of it, as Ctrl-C in a terminal does.
      detached: true,
    });
    child.stdin.on("error", () => {});
    child.stdin.end(stdin);
    const typed = new Typed(child);
    this.#running.add(typed);
    void typed.ended.then(() => this.#running.delete(typed));
    return typed;
  }

  /** The same, to its end. */
  async run(words: readonly string[], options: TypeOptions = {}) {
    const typed = this.type(words, options);
    const status = await typed.ended;
    return { status, out: typed.out, err: typed.err };
  }

  /** What the local runner has open. Empty when nothing runs, and nothing is left. */
  open(): readonly string[] {
    try {
      return readdirSync(join(this.home, "hadron")).filter((name) => name !== ".lock");
    } catch {
      return [];
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const typed of this.#running) typed.signal("SIGKILL");
    await Promise.all([...this.#running].map((typed) => typed.ended));
    rmSync(this.home, { recursive: true, force: true, maxRetries: 10 });
  }
}

/** A command that was typed. */
export class Typed {
  out = "";
  err = "";
  /** The exit status; 128 and the signal's number where one ended it, as a shell says it. */
  readonly ended: Promise<number>;
  readonly child: ChildProcess;

  constructor(child: ChildProcess) {
    this.child = child;
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.out += text;
      child.emit("text");
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.err += text;
      child.emit("text");
    });
    this.ended = once(child, "close").then(
      ([code, signal]) => code ?? 128 + constants.signals[signal as NodeJS.Signals],
    );
  }

  /** Resolves when it has printed this; rejects if it ends before. */
  async says(stream: "out" | "err", part: string): Promise<void> {
    let over = false;
    const end = this.ended.then(() => {
      over = true;
    });
    while (!this[stream].includes(part)) {
      if (over) throw new Error(`It ended without saying "${part}":\n${this.out}\n${this.err}`);
      await Promise.race([once(this.child, "text"), end]);
    }
  }

  /** Sends a signal to the whole group, as a terminal does. */
  signal(name: NodeJS.Signals): void {
    try {
      process.kill(-this.child.pid!, name);
    } catch {
      // It has ended already.
    }
  }
}
