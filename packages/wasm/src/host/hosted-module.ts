import { HadronError } from "@hadron/core";
import type { GuestGrants, GuestLimits, HostedInput, HostedOutput, ModuleSetup } from "../guest/protocol.ts";
import { findEntryPoint } from "../module/entry-point.ts";
import { isKnown } from "../module/known.ts";
import { fetchGranted, toNetGrant } from "../net.ts";
import { toParameters } from "../numbers.ts";
import type { Answering } from "../pool/guest-thread.ts";
import { ThreadPool } from "../pool/thread-pool.ts";
import type { PreparedModule } from "./prepare.ts";

const LOG_BYTES = 64 * 1024;
const BUFFERS = 1024;

/** What a hosted module may do, and its limits. */
export interface GuestGrant {
  readonly timeoutMs: number;
  readonly memoryMiB: number;
  readonly outputBytes: number;
  readonly threads: number;
  /** `host:port` */
  readonly net: readonly string[];
  readonly random: boolean;
  readonly clock: boolean;
  /** Whether it may ask for what is the platform's. */
  readonly admin: boolean;
}

/** A call of a hosted module. */
export interface HostedCall extends Omit<HostedInput, "kind" | "values"> {
  /** Numbers for the parameters of `start`. */
  readonly arguments: readonly number[];
  /** Ends it. It is looked at late, and seldom: a getter makes one where somebody asks. */
  readonly signal: AbortSignal;
  /** What it says beside its output. */
  readonly said: (log: string) => void;
  /** Key-value and administration; addresses are answered here. */
  readonly answer: Answering;
}

export type HostedResult = Omit<HostedOutput, "kind">;

/** A module that came at run time, with threads in which it is called: a fresh instance for each call. */
export class HostedModule {
  readonly #module: PreparedModule;
  readonly #grant: GuestGrant;
  #pool: Promise<ThreadPool> | undefined;

  constructor(module: PreparedModule, grant: GuestGrant) {
    this.#module = module;
    this.#grant = grant;
  }

  /**
   * INVALID_INPUT where it has no such function, or that takes other numbers; DEADLINE_EXCEEDED, TOO_LARGE beyond its limits; HANDLER_FAILED
   * where it traps. An exit status is a result.
   */
  async call(call: HostedCall): Promise<HostedResult> {
    const { label, shape } = this.#module;
    const entry = findEntryPoint(shape, call.start);
    if (typeof entry === "string") throw new HadronError("INVALID_INPUT", `${label}: ${entry}.`);
    const { said, answer } = call;
    const values = toParameters(`${label}: ${call.start}`, entry.signature, call.arguments);
    this.#pool ??= this.#open();
    const pool = await this.#pool;
    const output = await pool.run(
      {
        input: {
          kind: "hosted",
          start: call.start,
          values,
          bytes: call.bytes,
          headers: call.headers,
          args: call.args,
          env: call.env,
        },
        said,
        answer: async (question) =>
          question.kind === "fetch" ? this.#fetch(question.url, call.signal) : answer(question),
      },
      call,
    );
    if (output.kind !== "hosted") throw new HadronError("INTERNAL", `${label} was called otherwise than it answers.`);
    return output;
  }

  /** Ends its threads: those at work when their call is over. */
  async close(): Promise<void> {
    await (await this.#pool)?.close();
  }

  async #fetch(url: string, signal: AbortSignal) {
    const grants = this.#grant.net.flatMap((text) => toNetGrant(text) ?? []);
    return { bytes: await fetchGranted(url, { grants, signal, maxBytes: this.#grant.outputBytes }) };
  }

  async #open(): Promise<ThreadPool> {
    const { timeoutMs, threads, outputBytes, memoryMiB, clock, random, net, admin } = this.#grant;
    const limits: GuestLimits = {
      outputBytes,
      logBytes: LOG_BYTES,
      buffers: BUFFERS,
      bufferBytes: memoryMiB * 2 ** 20,
    };
    const grants: GuestGrants = {
      args: [],
      env: {},
      folders: [],
      clock,
      random,
      kv: true,
      net: net.length > 0,
      admin,
    };
    const pool = new ThreadPool({
      setup: { main: await toSetup(this.#module), limits, grants, isReused: false },
      threads,
      timeoutMs,
    });
    await pool.open();
    return pool;
  }
}

async function toSetup({ label, shape, bytes, memory, linked }: PreparedModule): Promise<ModuleSetup> {
  const links = [...linked].map(async ([name, module]) => [name, await toSetup(module)] as const);
  return {
    label,
    module: await WebAssembly.compile(bytes),
    // Said anew by each call.
    entryPoint: { kind: "bytes", start: "", signature: { params: [], results: [] } },
    memory,
    hasStart: shape.hasStart,
    imports: shape.imports.filter(({ module }) => isKnown(module) || linked.has(module)),
    linked: Object.fromEntries(await Promise.all(links)),
  };
}
