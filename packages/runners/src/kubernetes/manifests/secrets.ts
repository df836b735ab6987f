import type { ServiceTopology } from "@hadron/core/spi";
import type { Pair } from "../../shared/tls/pair.ts";
import { labelsOf, SERVICE } from "../objects/labels.ts";
import { appNames, certificateName, type ServiceNames } from "../objects/names.ts";
import type { Secret } from "../objects/objects.ts";

/** The declared secrets of an app. Never printed, never exported. */
export function toSecret(app: string, secrets: Readonly<Record<string, string>>): Secret {
  return secretObject(app, appNames(app).secret, secrets);
}

/** The secrets that were made for an app, once. Never printed, never exported, and not removed by what changes an app. */
export function toGeneratedSecret(app: string, values: Readonly<Record<string, string>>): Secret {
  return secretObject(app, appNames(app).generated, values);
}

function secretObject(app: string, name: string, values: Readonly<Record<string, string>>): Secret {
  const data = Object.fromEntries(
    Object.entries(values)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => [name, Buffer.from(value).toString("base64")]),
  );
  return { apiVersion: "v1", kind: "Secret", metadata: { name, labels: labelsOf(app) }, type: "Opaque", data };
}

/** The certificate and key that the Ingress of a service shows. Never printed, never exported. */
export function toCertificate(app: string, service: ServiceTopology, names: ServiceNames, pair: Pair): Secret {
  const encode = (text: string) => Buffer.from(text).toString("base64");
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: certificateName(names),
      labels: labelsOf(app, names.label),
      annotations: { [SERVICE]: service.name },
    },
    type: "kubernetes.io/tls",
    data: { "tls.crt": encode(pair.cert), "tls.key": encode(pair.key) },
  };
}

/** One secret of a service: its name, and the Secret that holds it. */
export interface SecretPlace {
  readonly name: string;
  readonly holder: string;
}

/** Where what a service names is kept: nobody else's pods refer to it. */
export function secretsOf({ secrets, generated = [] }: ServiceTopology, app: string): readonly SecretPlace[] {
  const names = appNames(app);
  return [
    ...secrets.map((name) => ({ name, holder: names.secret })),
    ...generated.map((name) => ({ name, holder: names.generated })),
  ];
}
