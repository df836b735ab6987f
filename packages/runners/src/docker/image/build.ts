import { HadronError, type RunContext } from "@hadron/core/spi";
import { jsonLinesOf } from "../../shared/lines.ts";
import type { Engine } from "../engine/client.ts";
import type { ImageContent } from "./content.ts";
import { packContext } from "./context.ts";

/** A line of what the engine says while it builds or pulls. */
interface Said {
  readonly stream?: string;
  readonly status?: string;
  readonly id?: string;
  readonly error?: string;
  readonly errorDetail?: { readonly message?: string };
}

/** What the engine tells of an image. */
interface EngineImage {
  readonly Id: string;
  readonly Architecture: string;
}

/** Builds an image by the engine. RUNNER_FAILED with what the engine said; a build that failed leaves no tag. */
export async function buildImage(
  engine: Engine,
  tag: string,
  content: ImageContent,
  context: RunContext,
): Promise<void> {
  context.progress.step("image", `building ${tag}`);
  const [docker, packed] = await Promise.all([loadDockerode(engine), packContext(content)]);
  await using _ = packed;
  try {
    const answer = await docker.buildImage(packed.tar, {
      t: tag,
      abortSignal: context.signal,
      rm: true,
      forcerm: true,
    });
    await follow(answer, () => {});
  } catch (error) {
    context.signal.throwIfAborted();
    throw new HadronError(
      "RUNNER_FAILED",
      `The engine could not build the image ${tag}: ${messageOf(error)}${hintFor(error)}`,
      { cause: error },
    );
  }
  context.progress.step("image", tag);
}

/**
 * Makes sure that an image is on the engine, and returns what it tells of it. `whose` names what asked for it, and how to ask for
 * another. RUNNER_FAILED where it is missing and cannot be pulled.
 */
export async function ensureImage(
  engine: Engine,
  reference: string,
  whose: string,
  context: RunContext,
): Promise<EngineImage> {
  const path = `/images/${reference}/json`;
  const there = await engine.find<EngineImage>(path, { signal: context.signal });
  if (there !== undefined) return there;
  context.progress.step("image", `pulling ${reference}`);
  try {
    const docker = await loadDockerode(engine);
    const named = /[:@][^/]*$/.test(reference) ? reference : `${reference}:latest`;
    const answer = await docker.pull(named, { abortSignal: context.signal });
    await follow(answer, (said) => context.progress.step("image", `pulling ${reference}: ${said.status ?? ""}`));
    return await engine.get<EngineImage>(path, { signal: context.signal });
  } catch (error) {
    context.signal.throwIfAborted();
    throw new HadronError(
      "RUNNER_FAILED",
      `The image "${reference}" is not on the engine, and could not be pulled: ${messageOf(error)}. ${whose}`,
      { cause: error },
    );
  }
}

/** Imported when an image has to be made or pulled, and not before: see {@link Engine}. */
async function loadDockerode(engine: Engine) {
  const { default: Docker } = await import("dockerode");
  return new Docker(engine.dockerode);
}

/** Reads the engine's answer to its end: an error in the middle is a line of it. */
async function follow(answer: NodeJS.ReadableStream, told: (said: Said) => void): Promise<void> {
  for await (const said of jsonLinesOf<Said>(answer)) {
    if (said.error !== undefined) throw new Error(said.errorDetail?.message ?? said.error);
    told(said);
  }
}

function messageOf(error: unknown): string {
  const { json, message } = error as { json?: { message?: string }; message?: string };
  return (json?.message ?? message ?? String(error)).trim();
}

function hintFor(error: unknown): string {
  return /no space left on device/.test(messageOf(error))
    ? ". The engine's disk is full: free some (`docker system df` shows what takes it), and run up again."
    : "";
}
