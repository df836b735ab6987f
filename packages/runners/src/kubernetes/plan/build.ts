import { createHash } from "node:crypto";
import type { Program, Topology } from "@hadron/core/spi";
import { type Bundle, bundle } from "../../bundle/index.ts";
import { appContent } from "../../docker/image/content.ts";
import { contentTag, dockerCredentials, type ImageSpec, pushImage } from "../../registry/index.ts";
import type { Settings } from "./settings.ts";

/** What an app file becomes: known without asking anybody, the same for the same sources. */
export interface Build {
  readonly spec: ImageSpec;
  /** The image that pods run. Tagged by its content, so that another content never has this name. */
  readonly image: string;
  readonly revision: string;
  /** For a look at it as a replica would run it. */
  readonly bundle: Bundle;
}

/** Where the context's folders go in the image, lowest layer first. */
const LAYERS = [
  ["packages/", "app/node_modules/"],
  ["files/", "app/files/"],
  ["app/", "app/"],
] as const;

/** Bundles an app file and lays out its image. */
export async function buildApp(program: Program, settings: Settings, signal: AbortSignal): Promise<Build> {
  const built = await bundle(program.entry, { signal });
  const { files } = await appContent(program, built, {
    name: settings.baseImage,
    id: "",
  });
  const { app } = program.topology;
  const content = {
    base: settings.baseImage,
    layers: LAYERS.map(([from, to]) =>
      files
        .filter((file) => file.path.startsWith(from))
        .map((file) => ({ ...file, path: to + file.path.slice(from.length) })),
    ),
    config: {
      command: ["node", "/app/app.mjs"],
      workingDirectory: "/app/files",
      user: "1000:1000",
      labels: { "dev.hadron.app": app },
    },
  };
  const target = `${settings.registry()}/${app}`;
  const tag = contentTag(content);
  return {
    spec: { ...content, target },
    image: `${target}:${tag}`,
    revision: revisionOf(tag, program),
    bundle: built,
  };
}

/** Makes sure that the registry has it. */
export async function pushBuild(
  { spec, image }: Build,
  settings: Settings,
  options: { readonly signal: AbortSignal; readonly step: (detail: string) => void },
): Promise<void> {
  const { pushed } = await pushImage(spec, { ...options, credentials: dockerCredentials(settings.env) });
  options.step(pushed ? `pushed ${image}` : `${image} is there`);
}

export function needsImage(topology: Topology): boolean {
  return topology.services.some((one) => one.image === null);
}

function revisionOf(tag: string, { hash, runCall }: Program): string {
  return createHash("sha256")
    .update(JSON.stringify([tag, hash, runCall]))
    .digest("hex")
    .slice(0, 12);
}
