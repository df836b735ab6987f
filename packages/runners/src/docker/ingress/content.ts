import { fileURLToPath } from "node:url";
import type { ServiceTopology } from "@hadron/core/spi";
import { type Bundle, bundle } from "../../bundle/index.ts";
import { APP_FOLDER, USER_ID } from "../../replica/layout.ts";
import type { Pair } from "../../shared/tls/pair.ts";
import { type BaseImage, type ImageContent, toContent } from "../image/index.ts";
import { CERTIFICATE_FILE, FORM_FILE, type IngressForm, PROGRAM_FILE } from "../names/ingress-form.ts";
import { ingressVolume } from "../names/names.ts";
import type { VolumeContent } from "../volumes/volumes.ts";

/** The program of every ingress. */
export function bundleIngress(signal: AbortSignal): Promise<Bundle> {
  // Beside this file, in the sources and in what is published.
  const entry = fileURLToPath(new URL(`./main${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url));
  return bundle(entry, { signal });
}

/** What is to be in the volume of a service's ingress. D5: nobody else mounts it. */
export function ingressVolumeContent(
  app: string,
  { name }: ServiceTopology,
  { code }: Bundle,
  form: IngressForm,
  certificate: Pair | undefined,
): VolumeContent {
  const open = { owner: 0, mode: 0o444 };
  return {
    volume: ingressVolume(app, name),
    owner: 0,
    mode: 0o755,
    files: [
      { name: PROGRAM_FILE, content: Buffer.from(code).toString("utf8"), ...open },
      ...(certificate === undefined
        ? []
        : [{ name: CERTIFICATE_FILE, content: JSON.stringify(certificate), owner: USER_ID, mode: 0o400 }]),
      { name: FORM_FILE, content: JSON.stringify(form), ...open },
    ],
  };
}

/** An image of the same program, for an exported Compose file, whose volumes nobody fills. */
export function ingressContent(app: string, { code }: Bundle, base: BaseImage): ImageContent {
  const files = [{ path: PROGRAM_FILE, content: code, executable: false }];
  return toContent(app, [{ name: "app", folder: APP_FOLDER, files }], base, APP_FOLDER);
}
