import { toAddress } from "../call/directory/addresses.ts";
import { ambient } from "../call/host/ambient.ts";
import type { Host } from "../call/host/host.ts";
import type { Life, StartContext, Started } from "../declare/life.ts";
import { HadronError, inWords, isHadronError } from "../errors.ts";

export interface ReplicaLifeOptions {
  /** Undefined: the replica does nothing without being called. */
  readonly life: Life | undefined;
  /** The ports that it has to say the addresses of, once it has started: those of the image that it stands in for. */
  readonly ports: readonly string[];
  readonly host: Host;
  /** What `start` is told, but for what the host and its own life tell. */
  readonly context: () => Omit<StartContext, "signal" | "clock" | "service" | "app">;
}

/** What one replica does without being called: started once, told to stop, disposed of. */
export class ReplicaLife {
  readonly #options: ReplicaLifeOptions;
  readonly #stopping = new AbortController();
  #started: Promise<Started> | undefined;
  #underWay: "[onStart]" | "[Symbol.asyncDispose]" | undefined;

  constructor(options: ReplicaLifeOptions) {
    this.#options = options;
  }

  /** Whether there is anything to wait for. */
  get exists(): boolean {
    return this.#options.life !== undefined || this.#options.ports.length > 0;
  }

  /** What of it was begun and has not ended. */
  get underWay(): "[onStart]" | "[Symbol.asyncDispose]" | undefined {
    return this.#underWay;
  }

  /** Resolves when the replica may be called. Rejects, naming the replica, with the code of what failed, or INTERNAL. */
  start(): Promise<Started> {
    this.#started ??= this.#start();
    return this.#started;
  }

  /** Work that was begun ends. */
  stop(): void {
    this.#stopping.abort(new HadronError("CANCELLED", "The replica was told to stop."));
  }

  /** A test killed it: work ends, and nothing that it holds may be kept from its next life. */
  kill(): void {
    this.#stopping.abort(new HadronError("UNAVAILABLE", "The replica was killed."));
  }

  /** Releases what was started; nothing where it never was, or where that failed. Rejects as the part's own dispose does. */
  async dispose(): Promise<void> {
    const { life } = this.#options;
    const started = await this.#started?.then(
      () => true,
      () => false,
    );
    if (life !== undefined && started === true) await this.#within("[Symbol.asyncDispose]", () => life.dispose());
  }

  async #start(): Promise<Started> {
    const { life, ports, context, host } = this.#options;
    const known = context();
    try {
      const { signal } = this.#stopping;
      const told = { ...known, signal, clock: host.clock, service: host.self.service, app: host.self.app };
      const started = life === undefined ? {} : await this.#within("[onStart]", () => life.start(told));
      checkAddresses(ports, started);
      return started;
    } catch (cause) {
      const code = isHadronError(cause) ? cause.code : "INTERNAL";
      throw new HadronError(code, `${known.replica.name}: its start failed: ${inWords(cause)}`, { cause });
    }
  }

  /** Through the replica's own host, and within no call: what it calls has a deadline and a trace of its own. */
  async #within<T>(what: NonNullable<ReplicaLife["underWay"]>, work: () => Promise<T>): Promise<T> {
    this.#underWay = what;
    try {
      return await ambient.run({ host: this.#options.host, scope: undefined, context: undefined }, work);
    } finally {
      this.#underWay = undefined;
    }
  }
}

function checkAddresses(ports: readonly string[], { addresses = {} }: Started): void {
  for (const port of ports) {
    const address = addresses[port];
    if (address === undefined) {
      throw new HadronError(
        "INTERNAL",
        `the stand-in does not say where port "${port}" is: return { addresses: { ${port}: "127.0.0.1:PORT" } } from its [onStart]`,
      );
    }
    toAddress(address);
  }
}
