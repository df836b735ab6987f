import { type ChildProcess, fork } from "node:child_process";
import { readFileSync, watchFile } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { FORM_FILE, type IngressForm } from "../names/ingress-form.ts";
import type { FromProgram, ToProgram } from "./messages.ts";
import { say } from "./say.ts";

const LOOK_AGAIN_MS = 250;
/** A program that dies again so soon is broken: then the engine starts the whole container, at longer and longer intervals. */
const AGAIN_MS = 10_000;
/** Beyond its time to drain, until a program is ended. */
const END_MS = 2_000;
/** A program that was replaced keeps what it has so long: the door stays, so that nobody waits for it. */
const REPLACED_DRAIN_MS = 600_000;

/**
 * Owns the port of an ingress. An engine gives a port to one container, so a container that is replaced refuses callers
 * meanwhile. This one is not: what changes is the program behind it, a process of its own, to which each connection is
 * handed as it is accepted. A new program starts beside the old one, takes all new connections once it is ready, and the old one
 * finishes what it has. Connections wait while there is no program.
 *
 * It changes hardly ever: a running door keeps its code until its container is replaced (`DOOR_VERSION`).
 */
export function openDoor(folder: string): void {
  const path = join(folder, FORM_FILE);
  const first = readForm(path);
  if (first === undefined) throw new Error(`${path} does not say what to run.`);
  const door = new Door();
  door.run(first);
  watchFile(path, { interval: LOOK_AGAIN_MS }, () => {
    const form = readForm(path);
    if (form !== undefined) door.run(form);
  });
  process.once("SIGTERM", () => door.drain());
}

/** Undefined where it is not there, or half written: then it changes once more. */
function readForm(path: string): IngressForm | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

interface Program {
  readonly form: IngressForm;
  readonly child: ChildProcess;
  state: "starting" | "ready" | "leaving";
}

class Door {
  readonly #server = createServer({ pauseOnConnect: true, noDelay: true });
  #ready: Program | undefined;
  /** The one that was started last. */
  #newest: Program | undefined;
  #waiting: Socket[] = [];
  #draining = false;
  /** When a program that served last died. */
  #diedAt = Number.NEGATIVE_INFINITY;

  constructor() {
    this.#server.on("connection", (socket) => {
      // The caller went away: nobody is left to tell.
      socket.on("error", () => {});
      this.#pass(socket);
    });
  }

  /** Has this run behind the port, from when it is ready. */
  run(form: IngressForm): void {
    if (this.#draining || form.id === this.#newest?.form.id) return;
    if (this.#newest?.state === "starting") this.#leave(this.#newest, 0);
    this.#start(form);
  }

  /** Takes no more, lets the program finish, and ends the process. */
  drain(): void {
    this.#draining = true;
    this.#server.close();
    say("draining");
    for (const socket of this.#waiting.splice(0)) socket.destroy();
    if (this.#newest !== this.#ready && this.#newest !== undefined) this.#leave(this.#newest, 0);
    if (this.#ready === undefined) process.exit(0);
    this.#ready.child.once("exit", () => process.exit(0));
    this.#leave(this.#ready, this.#ready.form.settings.limits.drainMs);
  }

  #start(form: IngressForm): void {
    const env = { ...process.env, INGRESS: JSON.stringify(form.settings) };
    const child = fork(process.argv[1] ?? "", [], { env, execArgv: ["--max-old-space-size=96"] });
    const program: Program = { form, child, state: "starting" };
    this.#newest = program;
    child.once("message", (_: FromProgram) => this.#isReady(program));
    child.once("exit", (code, signal) => this.#ended(program, code === null ? `signal ${signal}` : `status ${code}`));
    child.on("error", () => {}); // It could not be told something: its end says why.
  }

  #isReady(program: Program): void {
    if (program.state !== "starting") return;
    const before = this.#ready;
    program.state = "ready";
    this.#ready = program;
    for (const socket of this.#waiting.splice(0)) this.#pass(socket);
    if (before !== undefined) this.#leave(before, Math.max(before.form.settings.limits.drainMs, REPLACED_DRAIN_MS));
    const { id, settings } = program.form;
    const told = () => say("ready", { form: id, pid: program.child.pid });
    if (this.#server.listening) told();
    else this.#server.listen(settings.listen, "0.0.0.0", told);
  }

  #ended(program: Program, how: string): void {
    if (program.state === "leaving") return;
    const { form } = program;
    const message = `Its program ended with ${how}.`;
    console.log(JSON.stringify({ error: { code: "RUNNER_FAILED", message }, form: form.id }));
    if (program !== this.#ready) {
      // Where another serves, it serves on.
      if (this.#ready === undefined) process.exit(1);
      return;
    }
    if (performance.now() - this.#diedAt < AGAIN_MS) process.exit(1);
    this.#diedAt = performance.now();
    this.#ready = undefined;
    if (this.#newest === program) this.#start(form);
  }

  #leave(program: Program, withinMs: number): void {
    program.state = "leaving";
    if (program.child.connected) program.child.send({ type: "drain", withinMs } satisfies ToProgram);
    setTimeout(() => program.child.kill("SIGKILL"), withinMs + END_MS).unref();
  }

  #pass(socket: Socket): void {
    if (socket.destroyed) return;
    const child = this.#ready?.child;
    if (child === undefined || !child.connected) {
      this.#waiting.push(socket);
      return;
    }
    // Kept here until it has arrived: a program may die on the way.
    child.send({ type: "connection" } satisfies ToProgram, socket, { keepOpen: true }, (error) => {
      if (error === null) socket.destroy();
      else this.#waiting.push(socket);
    });
  }
}
