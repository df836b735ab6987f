import type { Program, RunContext } from "@hadron/core/spi";
import { dump } from "js-yaml";
import { toManifests } from "./manifests/index.ts";
import { appNames } from "./objects/names.ts";
import { buildApp, needsImage, pushBuild } from "./plan/build.ts";
import type { Settings } from "./plan/settings.ts";

/** The app as manifests for `kubectl apply -f -`, naming an image that it has built and pushed. The same for the same file. */
export async function exportApp(
  program: Program,
  settings: Settings,
  { signal, progress }: RunContext,
): Promise<string> {
  const { topology } = program;
  const build = needsImage(topology) ? await buildApp(program, settings, signal) : undefined;
  if (build !== undefined)
    await pushBuild(build, settings, { signal, step: (detail) => progress.step("image", detail) });
  const manifests = toManifests({
    topology,
    topologyHash: program.hash,
    image: build?.image ?? "",
    revision: build?.revision ?? program.hash,
    runCall: program.runCall,
    secretsVersion: undefined,
    pullSecret: settings.pullSecret,
    counts: {},
  });
  const secrets = [...new Set(topology.services.flatMap((one) => one.secrets))].sort();
  const head =
    secrets.length === 0
      ? ""
      : `# Its secrets are not in here. Make them with:\n#   kubectl create secret generic ${appNames(topology.app).secret} ${secrets.map((name) => `--from-literal=${name}="$${name}"`).join(" ")}\n`;
  const { namespace } = settings;
  const documents = manifests.map((manifest) =>
    dump(namespace === undefined ? manifest : { ...manifest, metadata: { ...manifest.metadata, namespace } }, {
      lineWidth: -1,
      noRefs: true,
    }),
  );
  return head + documents.join("---\n");
}
