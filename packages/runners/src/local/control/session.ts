import type { Server } from "node:net";
import { join } from "node:path";
import { type Attached, HadronError } from "@hadron/core/spi";
import { Deployment } from "../deployment/deployment.ts";
import type { DeploymentOptions } from "../deployment/deployment-options.ts";
import { describeDeployment, type NameHolder } from "../deployment/description.ts";
import { CONTROL_SOCKET, type RunFolder, removeRunFolder } from "../folder/run-folder.ts";
import { Watchdog } from "../folder/watchdog.ts";
import type { Release } from "../replica/release.ts";
import { type ControlRequest, serveControl } from "./control.ts";

const DELETED = "another process deleted it";
const NO_PROGRESS = { step() {}, note() {} };

/** A deployment of this process with all that belongs to it: folder, control socket, watchdog. */
export class Session implements Attached {
  readonly folder: RunFolder;
  readonly watchdog: Watchdog;
  readonly #ended = Promise.withResolvers<string>();
  #control: Server | undefined;
  #deployment: Deployment | undefined;
  #closing: Promise<void> | undefined;

  constructor(folder: RunFolder) {
    this.folder = folder;
    this.watchdog = new Watchdog(folder);
  }

  get ended(): Promise<string> {
    return this.#ended.promise;
  }

  get deployment(): Deployment | undefined {
    return this.#deployment;
  }

  /** Answers other processes from now on. */
  async listen(): Promise<void> {
    this.#control = await serveControl(join(this.folder.path, CONTROL_SOCKET), (request, signal) =>
      this.#answer(request, signal),
    );
  }

  /** CANCELLED where another process deleted the app. */
  refuseIfDeleted(app: string): void {
    if (this.#closing === undefined) return;
    throw new HadronError("CANCELLED", `"${app}" was deleted by another process while it started.`);
  }

  /** Fails as {@link refuseIfDeleted} does. */
  deploy(release: Release, options: Omit<DeploymentOptions, "folder" | "watchdog">): Deployment {
    this.refuseIfDeleted(release.topology.app);
    this.#deployment = new Deployment(release, { ...options, folder: this.folder, watchdog: this.watchdog });
    return this.#deployment;
  }

  /** Drains and ends everything. */
  close(reason: string): Promise<void> {
    this.#closing ??= this.#close(reason);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close("it was stopped");
  }

  async #close(reason: string): Promise<void> {
    await this.#deployment?.close();
    removeRunFolder(this.folder);
    await this.watchdog.close();
    this.#control?.close();
    this.#ended.resolve(reason);
  }

  async *#answer(request: ControlRequest, signal: AbortSignal): AsyncGenerator<unknown> {
    const deployment = this.#deployment;
    // It has its name, and is about to start: whoever asks hears no more than who it is.
    if (deployment === undefined) {
      if (request.verb === "describe") yield { pid: process.pid } satisfies NameHolder;
      if (request.verb === "delete") await this.close(DELETED);
      return;
    }
    if (this.#closing !== undefined && request.verb !== "logs") {
      if (request.verb === "describe") yield { pid: process.pid, ending: true } satisfies NameHolder;
      // Whoever wants it gone, or its name, waits for that.
      if (request.verb === "delete") await this.#closing;
      return;
    }
    switch (request.verb) {
      case "describe":
        return yield describeDeployment(deployment);
      case "status":
        return yield await deployment.status();
      case "logs":
        return yield* deployment.readLogs({ service: request.service, follow: request.follow }, signal);
      case "scale":
        await deployment.scale(
          request.service,
          request.replicas,
          { signal, progress: NO_PROGRESS, waitMs: request.waitMs },
          request.by,
        );
        return;
      case "connect":
        return yield* watchMembers(deployment, signal);
      case "suspect":
        return yield await deployment.because(request.service, request.name);
      case "delete":
        await this.close(DELETED);
        return;
    }
  }
}

async function* watchMembers(deployment: Deployment, signal: AbortSignal): AsyncGenerator<unknown> {
  let changed: Record<string, unknown> = { ...deployment.members() };
  let wake = () => {};
  const stop = deployment.watchMembers((services) => {
    Object.assign(changed, services);
    wake();
  });
  const end = () => wake();
  const over = AbortSignal.any([signal, deployment.gone]);
  over.addEventListener("abort", end);
  try {
    while (!over.aborted) {
      if (Object.keys(changed).length > 0) {
        const services = changed;
        changed = {};
        yield services;
      } else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    stop();
    over.removeEventListener("abort", end);
  }
}
