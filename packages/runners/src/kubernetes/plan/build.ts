import type { CapturedTexts, Program, Topology } from "@hadron/core/spi";
import { cacheFolder, checkAddons, type Layout, platformOf, toLayout } from "../../layout/index.ts";
import { contentTag, dockerCredentials, type ImageSpec, pushImage } from "../../registry/index.ts";
import { withCaptures } from "../../replica/captures.ts";
import { appLayers, IMAGE } from "../../replica/image.ts";
import { APP_FOLDER, BUNDLE_FILE } from "../../replica/layout.ts";
import { revisionOf } from "../../replica/revision.ts";
import type { Settings } from "./settings.ts";

/** What an app file becomes: known without asking anybody, the same for the same sources. */
export interface Build {
  readonly spec: ImageSpec;
  /** The image that pods run. Tagged by its content, so that another content never has this name. */
  readonly image: string;
  readonly revision: string;
  /** For a look at it as a replica would run it. */
  readonly layout: Layout;
  /** With its captured values. */
  readonly program: Program;
}

/** Makes an app's layout and lays out its image. `before`: the captured values that were last applied. */
export async function buildApp(
  declared: Program,
  settings: Settings,
  before: () => Promise<CapturedTexts | undefined>,
  signal: AbortSignal,
): Promise<Build> {
  const layout = await toLayout(declared, { cache: cacheFolder(settings.env), signal });
  const program = await withCaptures(declared, layout, before, signal);
  const layers = await appLayers(program, layout);
  const { app } = program.topology;
  const content = {
    base: settings.baseImage,
    layers: layers.map(({ folder, files }) =>
      files.map((file) => ({ ...file, path: `${folder.slice(1)}/${file.path}` })),
    ),
    config: {
      command: ["node", `${APP_FOLDER}/${BUNDLE_FILE}`],
      ...IMAGE,
      labels: { "dev.hadron.app": app },
    },
  };
  const target = `${settings.registry()}/${app}`;
  const tag = contentTag(content);
  return {
    spec: { ...content, target },
    image: `${target}:${tag}`,
    revision: revisionOf(program, layout),
    layout,
    program,
  };
}

/** Makes sure that the registry has it. */
export async function pushBuild(
  { spec, image, layout }: Build,
  settings: Settings,
  options: { readonly signal: AbortSignal; readonly step: (detail: string) => void },
): Promise<void> {
  const { pushed } = await pushImage(spec, {
    ...options,
    credentials: dockerCredentials(settings.env),
    check: (architecture) => checkAddons(layout.entries, platformOf(spec.base, architecture)),
  });
  options.step(pushed ? `pushed ${image}` : `${image} is there`);
}

export function needsImage(topology: Topology): boolean {
  return topology.services.some((one) => one.image === null);
}
