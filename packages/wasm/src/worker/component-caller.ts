import { GuestError } from "../guest/error.ts";
import type { ComponentSetup, GuestEnd, GuestInput, GuestOutput, ThreadSetup } from "../guest/protocol.ts";
import { Exit } from "../wasi/guest.ts";
import type { File } from "../wasi/nodes.ts";
import type { ComponentGuest } from "../wasi2/guest.ts";
import type { OutgoingResponse } from "../wasi2/http-messages.ts";
import { IncomingRequest, ResponseOutparam } from "../wasi2/http-messages.ts";
import { componentImports } from "../wasi2/imports.ts";
import { CallWorld, type Ground } from "./call-world.ts";
import { fail } from "./fail.ts";
import { openAddress } from "./open-address.ts";
import { rootOf } from "./root-folder.ts";

type Act = (...values: unknown[]) => unknown;
/** What a component exports: functions, and interfaces with theirs. */
type Exports = Readonly<Record<string, Act | Readonly<Record<string, Act>>>>;
type Instantiate = (getCore: (path: string) => WebAssembly.Module, imports: object) => Exports;

/** What is the same for all calls of a thread. */
type CallerSetup = Pick<ThreadSetup, "grants" | "limits" | "isReused"> & { readonly main: ComponentSetup };

/** Loads what joins the modules of a thread's component. */
export async function openComponent(setup: CallerSetup, ask: Ground["ask"]): Promise<ComponentCaller> {
  const glue: { readonly instantiate: Instantiate } = await import(setup.main.glue);
  return new ComponentCaller(setup, glue.instantiate, ask);
}

/** Calls the component of a thread: a fresh instance each time, as of a module. */
export class ComponentCaller {
  readonly #setup: CallerSetup;
  readonly #instantiate: Instantiate;
  readonly #ground: Ground;
  readonly #imports: object;
  #world: CallWorld | undefined;
  #files: File[] = [];
  #next: Exports | undefined;

  constructor(setup: CallerSetup, instantiate: Instantiate, ask: Ground["ask"]) {
    this.#setup = setup;
    this.#instantiate = instantiate;
    this.#ground = { label: setup.main.label, grants: setup.grants, limits: setup.limits, ask };
    this.#imports = componentImports(this.#toGuest());
  }

  /** Runs one call, to its output. What fails is an answer. */
  run(input: GuestInput): GuestEnd {
    const world = new CallWorld(this.#ground, input);
    this.#world = world;
    try {
      const instance = this.#next ?? this.#make();
      this.#next = undefined;
      const output = this.#call(instance, input, world);
      if (this.#setup.isReused) this.#next = instance;
      return { type: "done", output, log: world.log.toString() };
    } catch (error) {
      return fail(world.log, this.#setup.main.label, error);
    } finally {
      for (const file of this.#files.splice(0)) file.close();
      this.#world = undefined;
    }
  }

  /** Makes an instance for the next call while there is none under way, so that it need not wait for that. */
  prepare(): void {
    // What runs by itself does so within a call, and its limits.
    if (this.#next !== undefined || this.#setup.main.hasStart) return;
    try {
      this.#next = this.#make();
    } catch {
      // The call that makes one itself fails with the reason.
    }
  }

  #make(): Exports {
    const { cores } = this.#setup.main;
    const getCore = (path: string) => {
      const core = cores[path];
      if (core === undefined) throw new Error(`it has no module ${path}`);
      return core;
    };
    return this.#instantiate(getCore, this.#imports);
  }

  #call(instance: Exports, input: GuestInput, world: CallWorld): GuestOutput {
    const { entryPoint } = this.#setup.main;
    if (entryPoint.kind === "bytes") {
      runProgram(find(instance, "run", "run"));
      return { kind: "bytes", bytes: world.answer };
    }
    if (input.kind === "request") {
      const request = new IncomingRequest(input.request);
      const out = new ResponseOutparam();
      find(instance, "incomingHandler", "handle")(request, out);
      return { kind: "answer", answer: toResponse(out).toAnswer() };
    }
    if (input.kind !== "values" || entryPoint.kind !== "values") throw new Error(`it is not called with ${input.kind}`);
    const value = callFunction(find(instance, entryPoint.of, entryPoint.name), input.input);
    return { kind: "value", value: toPlain(value) };
  }

  #current(): CallWorld {
    if (this.#world === undefined) throw new GuestError("INTERNAL", `${this.#ground.label} runs outside of a call`);
    return this.#world;
  }

  #toGuest(): ComponentGuest {
    const world = () => this.#current();
    return {
      get args() {
        return world().grants.args;
      },
      get env() {
        return world().grants.env;
      },
      get resolution() {
        return world().grants.clock ? 1n : 1_000_000n;
      },
      get outputBytes() {
        return world().outputBytes;
      },
      get root() {
        return rootOf(world().grants);
      },
      now: (clock) => world().now(clock),
      random: (target) => world().random(target),
      readInput: (target) => world().readInput(target),
      writeOutput: (bytes) => world().writeOutput(bytes),
      writeLog: (bytes) => world().log.writeBytes(bytes),
      fetch: (url) => world().ask({ kind: "fetch", url }).bytes ?? new Uint8Array(),
      openAddress: (path) => openAddress(path, world()),
      opened: (file) => void this.#files.push(file),
    };
  }
}

function find(instance: Exports, of: string | undefined, name: string): Act {
  const from = of === undefined ? instance : instance[of];
  const found = typeof from === "object" ? from[name] : undefined;
  if (typeof found === "function") return found;
  throw new GuestError("HANDLER_FAILED", `it exports no ${of === undefined ? "" : `${of}.`}${name}`);
}

/** Its `result` has no more than that it failed; what it exited with says more. */
function runProgram(act: Act): void {
  try {
    act();
  } catch (error) {
    const status = error instanceof Exit ? error.status : failureOf(error) === undefined ? undefined : 1;
    if (status === undefined) throw error;
    if (status !== 0) throw new GuestError("HANDLER_FAILED", `it ended with exit status ${status}`);
  }
}

function callFunction(act: Act, input: unknown): unknown {
  const values = act.length === 1 ? [input] : input === undefined ? [] : input;
  if (!Array.isArray(values) || values.length !== act.length) {
    const given = Array.isArray(values) ? `a list of ${values.length}` : typeof values;
    throw new GuestError("INVALID_INPUT", `it takes a list of ${act.length} values, and was given ${given}`);
  }
  try {
    return act(...values);
  } catch (error) {
    const failure = failureOf(error);
    if (failure !== undefined) throw new GuestError("HANDLER_FAILED", `it failed with ${shown(failure.value)}`);
    if (error instanceof TypeError)
      throw new GuestError("INVALID_INPUT", `what it was given does not fit: ${error.message}`);
    throw error;
  }
}

/** What the glue throws where a `result` of a component's says that it failed: that itself, or within an error. Undefined of any other. */
function failureOf(error: unknown): { readonly value: unknown } | undefined {
  if (!(error instanceof Error)) return { value: error };
  return "payload" in error ? { value: error.payload } : undefined;
}

function shown(value: unknown): string {
  if (typeof value === "string") return value;
  return JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? String(part) : part)) ?? "nothing";
}

function toResponse(out: ResponseOutparam): OutgoingResponse {
  const { answer } = out;
  if (answer === undefined) throw new GuestError("HANDLER_FAILED", "it gave no answer");
  if (answer.tag === "ok") return answer.val;
  throw new GuestError("HANDLER_FAILED", `it gave no answer, but ${answer.val.tag} ${answer.val.val ?? ""}`.trimEnd());
}

/** What can leave the thread; a resource of the component's ends with its instance. */
function toPlain(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch {
    throw new GuestError("INVALID_OUTPUT", "what it returned cannot be sent: it holds a resource of its own");
  }
}
