import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Writable } from "node:stream";
import type { RunFolder } from "./run-folder.ts";

/** The name of a watchdog, in its command line. */
export const WATCHDOG = "hadron-watchdog";

/**
 * Reads which process groups there are, until its standard input ends; then what is left of them is killed, stopped and
 * spinning ones too, and the folder removed, and with it the app's name, as soon as they are gone: whoever takes the name
 * owns what they store. Of a killed process that nobody reaps, and that no /proc tells apart from others, 2 s are enough.
 * Ignores what a terminal sends to all of its processes.
 */
const SCRIPT = `trap '' HUP INT QUIT TERM
is_there() {
  kill -0 -- "-$1" 2>/dev/null || return 1
  stat=
  [ -r "/proc/$1/stat" ] && read -r stat 2>/dev/null < "/proc/$1/stat"
  case \${stat##*")"} in " Z"*) return 1 ;; esac
}
groups=
while read -r what group; do
  case $what in
    +) groups="$groups $group" ;;
    -) left=
       for old in $groups; do [ "$old" = "$group" ] || left="$left $old"; done
       groups=$left ;;
  esac
done
for group in $groups; do kill -9 -- "-$group" 2>/dev/null || kill -9 "$group" 2>/dev/null; done
tries=0
for group in $groups; do
  while [ "$tries" -lt 100 ] && is_there "$group"; do sleep 0.02; tries=$((tries + 1)); done
done
[ "$(readlink "$2")" = "$3" ] && rm -f -- "$2"
rm -rf -- "$1"
`;

/**
 * A process that outlives this one, however it ends, and leaves nothing behind. Node cannot do this from inside: nothing
 * runs after SIGKILL. A shell, since it must cost nothing: 1 MB, and 1 ms to start.
 */
export class Watchdog {
  readonly #shell: ChildProcessByStdio<Writable, null, null>;

  constructor(folder: RunFolder) {
    const name = folder.path.slice(folder.path.lastIndexOf("/") + 1);
    this.#shell = spawn("/bin/sh", ["-c", SCRIPT, WATCHDOG, folder.path, folder.link, name], {
      // A session of its own: Ctrl-C in a terminal does not reach it.
      detached: true,
      cwd: "/",
      env: { PATH: "/usr/bin:/bin" },
      stdio: ["pipe", "ignore", "ignore"],
    });
    this.#shell.unref();
    // It was killed by someone: then only a SIGKILL of this process, too, would leave something behind.
    this.#shell.on("error", () => {});
    this.#shell.stdin.on("error", () => {});
  }

  get pid(): number | undefined {
    return this.#shell.pid;
  }

  /** A process group, named by the pid of its first process. */
  add(group: number): void {
    this.#shell.stdin.write(`+ ${group}\n`);
  }

  remove(group: number): void {
    this.#shell.stdin.write(`- ${group}\n`);
  }

  /** Lets it end, and kill what is left. Resolves when it has ended. */
  async close(): Promise<void> {
    if (this.#shell.exitCode !== null || this.#shell.signalCode !== null || this.#shell.pid === undefined) return;
    const ended = new Promise((resolve) => this.#shell.once("exit", resolve));
    this.#shell.ref();
    this.#shell.stdin.end();
    await ended;
  }
}
