import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HadronError } from "@hadron/core/spi";
import { findBinaries } from "./binaries.ts";
import { ensureCluster, giveToServer, SERVER_USER } from "./cluster.ts";

/**
 * Stands between us and the server, and ends it when we are gone, however that came: our end of the pipe is closed then. What
 * an earlier one left that still has the folder is ended and waited for.
 */
const GUARD = `
data=$1; sockets=$2; shift 2
old=$(head -n 1 "$data/postmaster.pid" 2>/dev/null)
if [ -n "$old" ]; then
  grep -qsF "$data" "/proc/$old/cmdline" && kill -QUIT "$old" 2>/dev/null
  tries=0
  while [ $tries -lt 100 ] && kill -0 "$old" 2>/dev/null; do sleep 0.1; tries=$((tries + 1)); done
fi
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
{ read -r how <&3; if [ "$how" = fast ]; then kill -INT $server; else kill -QUIT $server; fi; } >/dev/null 2>&1 &
exec 3<&-
wait $server
status=$?
rm -rf "$sockets"
exit $status
`;

const PORT = 5432;
/** What a server says when it can be asked. */
const READY = "database system is ready to accept connections";
/** Lines that are kept of a server that does not start. */
const KEPT_LINES = 20;

export interface EmbeddedOptions {
  /** Where its data is. */
  readonly folder: string;
  /** From where its programs are looked for, as an import would be. @default the working folder */
  readonly from?: string | undefined;
  /** Takes what it says that is not for every day. */
  readonly warn: (line: string) => void;
}

/** A PostgreSQL server in a process of its own, which listens on a socket that only its user can open. */
export class EmbeddedServer {
  /** As a host of a connection: the folder of its socket. */
  readonly host: string;
  readonly port = PORT;
  readonly #guard: ChildProcess;
  readonly #ended: Promise<unknown>;

  private constructor(guard: ChildProcess, host: string) {
    this.#guard = guard;
    this.host = host;
    this.#ended = once(guard, "exit");
    // Who is gone needs no word.
    guard.stdin?.on("error", () => {});
  }

  /**
   * Starts a server; one that had its folder before, and was killed, has what it had committed.
   * FAILED_PRECONDITION where its programs are not installed, RUNNER_FAILED where it does not start, with what it said.
   */
  static async start({ folder, from, warn }: EmbeddedOptions): Promise<EmbeddedServer> {
    const binaries = findBinaries(from);
    await ensureCluster(folder, binaries);
    await chmod(folder, 0o700);
    await giveToServer(folder);
    // Short: the path of a socket has 107 bytes at most.
    const sockets = await mkdtemp(join(tmpdir(), "hadron-pg-"));
    await giveToServer(sockets);
    const settings = {
      listen_addresses: "",
      unix_socket_directories: sockets,
      port: PORT,
      log_min_messages: "log",
      log_min_error_statement: "panic",
      log_checkpoints: "off",
      shared_buffers: "32MB",
    };
    const args = ["-D", folder, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
    const guard = spawn("sh", ["-c", GUARD, "sh", folder, sockets, binaries.postgres, ...args], {
      ...SERVER_USER,
      // A session of its own: Ctrl-C in a terminal is for us, who end it in order.
      detached: true,
      stdio: ["pipe", "ignore", "pipe"],
      env: { PATH: process.env.PATH, LC_ALL: "C" },
      cwd: "/",
    });
    const server = new EmbeddedServer(guard, sockets);
    await server.#ready(warn);
    return server;
  }

  /** Ends it in order: what is committed is on disk, connections are cut. */
  async stop(): Promise<void> {
    this.#guard.stdin?.end("fast\n");
    await this.#ended;
  }

  /** Ends it as if its machine had lost power. */
  async kill(): Promise<void> {
    this.#guard.stdin?.end();
    await this.#ended;
  }

  #ready(warn: (line: string) => void): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const last: string[] = [];
    let rest = "";
    this.#guard.stderr?.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        last.push(line);
        if (last.length > KEPT_LINES) last.shift();
        if (line.includes(READY)) resolve();
        else if (/ (FATAL|PANIC): /.test(line)) warn(line);
      }
    });
    this.#guard.once("error", reject);
    this.#guard.once("close", (code) => {
      reject(new HadronError("RUNNER_FAILED", `The PostgreSQL server ended with status ${code}: ${last.join("\n")}`));
    });
    return promise;
  }
}
