import { join } from "node:path";
import {
  addressesOfMembers,
  type Connected,
  HadronError,
  type LogLine,
  type Member,
  TableDirectory,
} from "@hadron/core/spi";
import { CONTROL_SOCKET } from "../folder/run-folder.ts";
import { isGone } from "./claim.ts";
import { ask, askOnce, type ControlAnswers, type ControlRequest } from "./control.ts";

/** A deployment that another process holds. */
export class RemoteDeployment {
  readonly #app: string;
  readonly #socket: string;

  constructor(app: string, path: string) {
    this.#app = app;
    this.#socket = join(path, CONTROL_SOCKET);
  }

  /** UNAVAILABLE where it has ended meanwhile. */
  async once<R extends ControlRequest>(
    request: R,
    signal: AbortSignal,
    timeoutMs?: number,
  ): Promise<ControlAnswers[R["verb"]] | undefined> {
    try {
      return await askOnce(this.#socket, request, { signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
    } catch (error) {
      throw this.#explain(error);
    }
  }

  #explain(error: unknown): unknown {
    if (!isGone(error)) return error;
    return new HadronError("UNAVAILABLE", `"${this.#app}" has just ended. Start it anew: npx tsx FILE`, {
      cause: error,
    });
  }

  async *logs(service: string | undefined, follow: boolean, signal: AbortSignal): AsyncGenerator<LogLine> {
    try {
      yield* ask(this.#socket, { verb: "logs", service, follow }, { signal });
    } catch (error) {
      if (!signal.aborted) throw this.#explain(error);
    }
  }

  /** Resolves when the members are known. */
  async connect(signal: AbortSignal): Promise<Connected> {
    const directory = new TableDirectory();
    const over = new AbortController();
    directory.onSuspect = async (service, { name }) =>
      (await this.once({ verb: "suspect", service, name }, over.signal).catch(() => null)) ?? undefined;
    const stream = ask(this.#socket, { verb: "connect" }, { signal: over.signal, timeoutMs: CONNECT_MS });
    const stop = () => over.abort(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    const known = new Map<string, readonly Member[]>();
    const take = (services: Readonly<Record<string, readonly Member[]>>) => {
      for (const [service, members] of Object.entries(services)) {
        known.set(service, members);
        directory.set(service, members);
      }
    };
    const first = await stream.next().catch((error: unknown) => {
      throw this.#explain(error);
    });
    if (first.done) throw new HadronError("UNAVAILABLE", `"${this.#app}" is only starting, or ending; try again.`);
    take(first.value);
    const following = follow(stream, take).then(() => {
      // It ended, and says no more: neither do its replicas.
      if (over.signal.aborted) return;
      for (const [service, members] of known) {
        directory.set(
          service,
          members.map((member) => ({ ...member, state: "failed" as const, reason: `"${this.#app}" has ended` })),
        );
      }
    });
    return {
      directory,
      address: addressesOfMembers(directory),
      async [Symbol.asyncDispose]() {
        signal.removeEventListener("abort", stop);
        over.abort(new HadronError("CANCELLED", "The connection was closed."));
        directory.close();
        await following;
      },
    };
  }
}

const CONNECT_MS = 5000;

async function follow<T>(stream: AsyncIterable<T>, take: (services: T) => void): Promise<void> {
  try {
    for await (const services of stream) take(services);
  } catch {
    // The other process is gone: what follows from that is the caller's.
  }
}
