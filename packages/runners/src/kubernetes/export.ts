import { HadronError, type Program, type RunContext } from "@hadron/core/spi";
import { dump } from "js-yaml";
import { captureVariables } from "../replica/captures.ts";
import { ownCertificate } from "./declared/ingress.ts";
import { toManifests } from "./manifests/manifests.ts";
import { appNames, certificateName, nameObjects } from "./objects/names.ts";
import { buildApp, needsImage, pushBuild } from "./plan/build.ts";
import type { Settings } from "./plan/settings.ts";

/** The app as manifests for `kubectl apply -f -`, naming an image that it has built and pushed. The same for the same file. */
export async function exportApp(
  program: Program,
  settings: Settings,
  { signal, progress }: RunContext,
): Promise<string> {
  const { topology } = program;
  const [secret] = captureVariables(topology);
  if (secret !== undefined) {
    throw new HadronError(
      "FAILED_PRECONDITION",
      "A secret that is captured (capture.secret) cannot be exported: its value is in no file that others read. Deploy with up.",
    );
  }
  const build = needsImage(topology) ? await buildApp(program, settings, async () => undefined, signal) : undefined;
  if (build !== undefined)
    await pushBuild(build, settings, { signal, step: (detail) => progress.step("image", detail) });
  const manifests = toManifests({
    topology,
    topologyHash: program.hash,
    image: build?.image ?? "",
    revision: build?.revision ?? program.hash,
    runCall: program.runCall,
    captured: build?.program.captured,
    secretsVersion: undefined,
    pullSecret: settings.pullSecret,
    kubernetesPatchOf: program.kubernetesPatchOf,
    counts: {},
  });
  const { namespace } = settings;
  const head = secretsToMake(topology)
    .map((line) => `# ${line}\n`)
    .join("");
  const documents = manifests.map((manifest) =>
    dump(namespace === undefined ? manifest : { ...manifest, metadata: { ...manifest.metadata, namespace } }, {
      lineWidth: -1,
      noRefs: true,
    }),
  );
  return head + documents.join("---\n");
}

/** How to make what the manifests only refer to: values are not in a file that others read. */
function secretsToMake(topology: Program["topology"]): readonly string[] {
  const { app, services } = topology;
  const holders = appNames(app);
  const make = (holder: string, list: readonly (readonly string[])[], toValue: (name: string) => string) => {
    const wanted = [...new Set(list.flat())].sort();
    if (wanted.length === 0) return [];
    const literals = wanted.map((name) => `--from-literal=${name}="${toValue(name)}"`);
    return [`  kubectl create secret generic ${holder} ${literals.join(" ")}`];
  };
  const declared = services.map((service) => service.secrets);
  const generated = services.map((service) => service.generated ?? []);
  const names = nameObjects(topology);
  const certificates = services.flatMap((service) => {
    const own = names.get(service.name);
    if (own === undefined || ownCertificate(topology, service) === undefined) return [];
    return [`  kubectl create secret tls ${certificateName(own)} --cert=CERT.pem --key=KEY.pem`];
  });
  const lines = [
    ...certificates,
    ...make(holders.secret, declared, (name) => `$${name}`),
    ...make(holders.generated, generated, () => "$(openssl rand -hex 32)"),
  ];
  return lines.length === 0 ? [] : ["Its secrets are not in here. Make them with:", ...lines];
}
