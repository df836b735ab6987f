import type { ServiceTopology } from "@hadron/core/spi";
import { labelsOf } from "../objects/labels.ts";
import { appNames } from "../objects/names.ts";
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
