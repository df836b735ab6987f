/** The histogram on an engine: what our command makes, as plain data for a script that makes the same. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { compose, hashTopology, type Program } from "@hadron/core/spi";
import { endEsbuild } from "../../packages/runners/src/bundle/index.ts";
import { replicaSpec } from "../../packages/runners/src/docker/containers/spec.ts";
import type { Engine } from "../../packages/runners/src/docker/engine/client.ts";
import { openEngine } from "../../packages/runners/src/docker/engine/open.ts";
import { appContent, buildImage } from "../../packages/runners/src/docker/image/index.ts";
import { DEFAULT_BASE_IMAGE } from "../../packages/runners/src/docker/names/base-image.ts";
import { imageTag, networkName } from "../../packages/runners/src/docker/names/names.ts";
import { ensureBase } from "../../packages/runners/src/docker/plan/base.ts";
import { cacheFolder, toLayout } from "../../packages/runners/src/layout/index.ts";
import { revisionOf } from "../../packages/runners/src/replica/revision.ts";

/** What the script is given, as a file. */
export interface Recipe {
  readonly network: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly containers: readonly { readonly name: string; readonly payload: object }[];
  /** The container that is asked, once all run. */
  readonly root: string;
  readonly method: string;
  /** A folder with a Dockerfile, and how its image is to be called; absent: the image is there. */
  readonly context?: { readonly folder: string; readonly tag: string };
}

const context = { signal: new AbortController().signal, progress: { step() {}, note() {} } };
const root = join(import.meta.dirname, "../..");

/** An app of the histogram's code under a name of its own. Removed with all that it made when it is disposed of. */
export class Histogram implements AsyncDisposable {
  readonly app: string;
  readonly file: string;
  readonly engine: Engine;
  readonly #folder: string;
  readonly #running = new Set<ChildProcess>();
  #version = 0;

  private constructor(app: string, folder: string, engine: Engine) {
    this.app = app;
    this.file = join(folder, "histogram.ts");
    this.#folder = folder;
    this.engine = engine;
  }

  static async make(what: string): Promise<Histogram> {
    const engine = await openEngine({ env: process.env, home: homedir(), platform: process.platform }, context.signal);
    // Here, so that it finds the packages that it imports.
    const folder = await mkdtemp(join(import.meta.dirname, ".tmp-"));
    const made = new Histogram(`b-${what}-${process.pid}`, folder, engine);
    await made.change();
    return made;
  }

  /** Changes a line of the app's code. */
  async change(): Promise<void> {
    const source = await readFile(join(root, "examples/histogram.ts"), "utf8");
    await writeFile(this.file, source.replace("gaussian(100, 25)", `gaussian(100, ${25 + ++this.#version / 1000})`));
  }

  /** Types one of our commands. How long it took, in milliseconds. */
  async type(...words: readonly string[]): Promise<{ readonly ms: number; readonly stdout: string }> {
    return run([this.file, ...words, "--runner=docker", `--app=${this.app}`], this.#running);
  }

  /** What the script needs to make the same. `withImage`: with the image's own build. */
  async recipe({ withImage }: { readonly withImage: boolean }): Promise<Recipe> {
    const program = await this.#program();
    const { topology } = program;
    const layout = await toLayout(program, { cache: cacheFolder(process.env) });
    const content = await appContent(program, layout, await ensureBase(this.engine, baseImage(), context));
    const tag = imageTag(this.app, content.hash);
    const options = {
      topology,
      topologyHash: program.hash,
      revision: revisionOf(program, layout),
      runCall: 1,
      image: tag,
      secrets: {},
    };
    const containers = topology.services.flatMap((service) =>
      Array.from({ length: service.replicas }, (_, ordinal) => replicaSpec(options, service, ordinal)),
    );
    let folder: string | undefined;
    if (withImage) {
      folder = await mkdtemp(join(this.#folder, "context-"));
      await writeFile(join(folder, "Dockerfile"), content.dockerfile);
      for (const { path, content: bytes } of content.files) {
        await mkdir(dirname(join(folder, path)), { recursive: true });
        await writeFile(join(folder, path), bytes);
      }
    }
    return {
      network: networkName(this.app),
      labels: { "dev.hadron.app": this.app },
      containers: containers.map(({ name, payload }) => ({ name, payload })),
      root: containers[0]!.name,
      method: topology.services[0]!.name,
      ...(folder === undefined ? {} : { context: { folder, tag } }),
    };
  }

  /** Builds the image as our command would, so that it is known. */
  async build(): Promise<void> {
    const program = await this.#program();
    const content = await appContent(
      program,
      await toLayout(program, { cache: cacheFolder(process.env) }),
      await ensureBase(this.engine, baseImage(), context),
    );
    await buildImage(this.engine, imageTag(this.app, content.hash), content, context);
  }

  /** Runs one of this folder's scripts with a recipe. */
  async script(name: string, recipe: Recipe): Promise<{ readonly ms: number; readonly stdout: string }> {
    const file = join(this.#folder, "recipe.json");
    await writeFile(file, JSON.stringify(recipe));
    return run([join(import.meta.dirname, `${name}.script.ts`), file], this.#running);
  }

  /** Removes containers, network and volumes, at once and not in order; images stay. */
  async clear(): Promise<void> {
    const query = { filters: JSON.stringify({ label: [`dev.hadron.app=${this.app}`] }) };
    const containers = await this.engine.get<{ Id: string }[]>("/containers/json", { query: { ...query, all: true } });
    await Promise.all(
      containers.map(async ({ Id }) => {
        // An engine that is still starting one would lose count of it.
        await this.engine.post(`/containers/${Id}/stop`, { query: { t: 0 }, accept: [304, 404] });
        await this.engine.delete(`/containers/${Id}`, { query: { force: true, v: true } });
      }),
    );
    const networks = await this.engine.get<{ Id: string }[]>("/networks", { query });
    await Promise.all(networks.map(({ Id }) => this.engine.delete(`/networks/${Id}`)));
    for (const name of await this.#volumes(query)) await this.engine.delete(`/volumes/${name}`);
  }

  async #volumes(query: { readonly filters: string }): Promise<readonly string[]> {
    const { Volumes } = await this.engine.get<{ Volumes: { Name: string }[] | null }>("/volumes", { query });
    // One that was made by a container's mount alone has no label.
    return [...new Set([...(Volumes ?? []).map((one) => one.Name), `${this.app}.counts`])];
  }

  /** What was answered to a call at an address that one of our commands printed. */
  async ask(endpoint: string): Promise<unknown> {
    const body = JSON.stringify({ jsonrpc: "2.0", method: "histogram-service", id: 1 });
    const answer = await fetch(endpoint, { method: "POST", headers: { "content-type": "application/json" }, body });
    const { result } = (await answer.json()) as { result?: unknown };
    if (!Array.isArray(result)) throw new Error(`The histogram answered ${JSON.stringify(result)}.`);
    return result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      [...this.#running].map((child) => {
        const gone = new Promise((resolve) => child.once("close", resolve));
        child.kill("SIGKILL");
        return gone;
      }),
    );
    await this.clear();
    const query = { filters: JSON.stringify({ label: [`dev.hadron.app=${this.app}`] }) };
    const images = await this.engine.get<{ Id: string }[]>("/images/json", { query });
    for (const { Id } of images) await this.engine.delete(`/images/${Id}`, { query: { force: true } });
    await this.engine[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true, force: true });
    await endEsbuild();
  }

  async #program(): Promise<Program> {
    const { histogram } = await import(join(root, "examples/histogram.ts"));
    const { topology } = compose(this.app, [histogram]);
    return { entry: this.file, topology, hash: hashTopology(topology), runCall: 1, secrets: {} };
  }
}

function baseImage(): string {
  return process.env.HADRON_BASE_IMAGE || DEFAULT_BASE_IMAGE;
}

/** Runs a TypeScript file as tsx does, and times the whole process. */
async function run(words: readonly string[], running: Set<ChildProcess>): Promise<{ ms: number; stdout: string }> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, ["--import", "tsx", ...words], { stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  running.add(child);
  const status = await new Promise((resolve) => child.once("close", resolve));
  running.delete(child);
  const ms = performance.now() - startedAt;
  if (status !== 0) throw new Error(`${words.join(" ")} ended with ${status}:\n${stderr}`);
  return { ms, stdout };
}

/** Runs both sides in turn, in changing order, for so long at most, and returns ours over theirs, round by round. */
export async function compareTimes(
  ours: () => Promise<number>,
  theirs: () => Promise<number>,
  { rounds, budgetMs }: { readonly rounds: number; readonly budgetMs: number },
): Promise<readonly number[]> {
  const ratios: number[] = [];
  const startedAt = performance.now();
  let longest = 0;
  for (let round = 0; round < rounds; round++) {
    const begunAt = performance.now();
    // A round that is begun is finished: none is, that would not be over in time.
    if (round > 0 && begunAt - startedAt + longest > budgetMs) break;
    const sides = round % 2 === 0 ? [ours, theirs] : [theirs, ours];
    const [a, b] = [await sides[0]!(), await sides[1]!()];
    const [mine, other] = round % 2 === 0 ? [a, b] : [b, a];
    ratios.push(mine / other);
    longest = Math.max(longest, performance.now() - begunAt);
    if (process.env.BENCH_VERBOSE === "1") console.error(`ours ${Math.round(mine)} ms, theirs ${Math.round(other)} ms`);
  }
  return ratios;
}
