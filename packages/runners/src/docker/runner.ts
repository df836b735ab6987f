import type {
  AppData,
  Applied,
  AppStatus,
  Connected,
  Deleted,
  DeleteOptions,
  LogLine,
  LogOptions,
  Plan,
  Program,
  RunContext,
  Runner,
  RunningApp,
  TakenAlong,
} from "@hadron/core/spi";
import { describeLayout, toLayout } from "../layout/index.ts";
import type { Engine } from "./engine/client.ts";
import type { Surroundings } from "./engine/find.ts";
import { openEngine } from "./engine/open.ts";
import { apply, compare, type Settings } from "./rollout/apply.ts";
import { deleteApp } from "./rollout/delete.ts";
import { scale } from "./rollout/scale.ts";
import { readData } from "./volumes/data.ts";
import { readLogs } from "./watch/logs.ts";
import { readStatus } from "./watch/status.ts";
import { listApps } from "./world/list.ts";

/** Runs apps as containers of a Docker engine. Each verb opens a connection of its own, and closes it. */
export class DockerRunner implements Runner {
  readonly name = "docker";
  readonly #settings: Settings;
  readonly #surroundings: Surroundings;

  constructor({ surroundings, ...settings }: Settings & { readonly surroundings: Surroundings }) {
    this.#settings = settings;
    this.#surroundings = surroundings;
  }

  async plan(program: Program, context: RunContext): Promise<Plan> {
    await using engine = await this.#open(context);
    const { changes } = await compare(engine, program, this.#settings, context);
    return { changes };
  }

  async apply(program: Program, context: RunContext): Promise<Applied> {
    await using engine = await this.#open(context);
    const changes = await apply(engine, program, this.#settings, context);
    return { changes, status: await readStatus(engine, program.topology.app, context.signal) };
  }

  async status(app: string, context: RunContext): Promise<AppStatus> {
    await using engine = await this.#open(context);
    return await readStatus(engine, app, context.signal);
  }

  async *logs(app: string, options: LogOptions, context: RunContext): AsyncGenerator<LogLine> {
    await using engine = await this.#open(context);
    yield* readLogs(engine, app, options, context.signal);
  }

  async scale(app: string, service: string, replicas: number, context: RunContext): Promise<void> {
    await using engine = await this.#open(context);
    await scale(engine, app, service, replicas, context);
  }

  async connect(app: string, context: RunContext): Promise<Connected> {
    const { connectApp } = await import("./connect/connect.ts");
    return await connectApp(await this.#open(context), app, context);
  }

  async delete(app: string, options: DeleteOptions, context: RunContext): Promise<Deleted> {
    await using engine = await this.#open(context);
    return await deleteApp(engine, app, options, context);
  }

  async data(app: string, context: RunContext): Promise<readonly AppData[]> {
    await using engine = await this.#open(context);
    return await readData(engine, app, context.signal);
  }

  async list(context: RunContext): Promise<readonly RunningApp[]> {
    await using engine = await this.#open(context);
    return await listApps(engine, context.signal);
  }

  async export(program: Program, context: RunContext): Promise<string> {
    const { exportCompose } = await import("./compose/export.ts");
    await using engine = await this.#open(context);
    return await exportCompose(engine, program, this.#settings, context);
  }

  async files(program: Program, { signal }: RunContext): Promise<readonly TakenAlong[]> {
    return describeLayout(await toLayout(program, { cache: this.#settings.cache, signal }));
  }

  #open({ signal }: RunContext): Promise<Engine> {
    return openEngine(this.#surroundings, signal);
  }
}
