import { createHash } from "node:crypto";
import type { Readiness } from "@hadron/core/spi";
import type { IngressForm } from "../names/ingress-form.ts";
import { LABEL, type Role } from "../names/labels.ts";
import { networkName } from "../names/names.ts";
import { type Aspects, type ContainerPayload, type Hardening, LIFE } from "./payload.ts";

/** A container as it should be. */
export interface ContainerSpec {
  readonly name: string;
  readonly service: string;
  /** -1: an ingress, of which there is one a service. */
  readonly ordinal: number;
  readonly role: Role;
  /** It cannot run beside its predecessor: it takes over the name in DNS, the storage or the port of that one. */
  readonly exclusive: boolean;
  /** Names under which others on the app's network find it. */
  readonly aliases: readonly string[];
  readonly ready: ContainerReadiness;
  /** What runs in an ingress, which changes within the container; undefined: none. */
  readonly form: IngressForm | undefined;
  readonly payload: ContainerPayload;
  /** Compared with the label of a container that runs: see {@link differences}. */
  readonly spec: string;
}

/** How a container tells that it is ready. */
export type ContainerReadiness =
  /** Our own code says so in its log. */
  | { readonly by: "word" }
  /** As its image was declared to. */
  | { readonly by: "declaration"; readonly ready: Readiness; readonly ports: Readonly<Record<string, number>> }
  /** By its image's own health check, else when this port accepts connections, else when it has lived for a moment. */
  | { readonly by: "sight"; readonly port: number | null };

/** What a container is made from: its place in the app, and its aspects. */
export interface ContainerParts {
  readonly app: string;
  readonly revision: string;
  readonly name: string;
  readonly service: string;
  readonly ordinal: number;
  readonly role: Role;
  readonly exclusive: boolean;
  readonly aliases: readonly string[];
  readonly ready: ContainerReadiness;
  readonly form: IngressForm | undefined;
  readonly procedures: readonly string[];
  /** Whether it speaks TLS with outside callers. @default false */
  readonly tls?: boolean;
  readonly aspects: Aspects;
  /** The same, without what differs from replica to replica and from version to version for no other reason. */
  readonly signed: Aspects;
  readonly host: Hardening;
}

/** Puts the aspects of a container together as the engine wants them, and signs each for later comparison. */
export function finish(parts: ContainerParts): ContainerSpec {
  const { app, name, service, ordinal, role, aliases, aspects, host, revision, procedures, exclusive, ready, form } =
    parts;
  const network = networkName(app);
  const signed = { ...parts.signed, network: { network, exclusive }, hardening: host, life: LIFE };
  const spec = Object.entries(signed)
    .map(([aspect, value]) => `${aspect}=${toHash(value)}`)
    .join(" ");
  const payload: ContainerPayload = {
    ...aspects.image,
    ...aspects.env,
    ...aspects.stop,
    Labels: {
      [LABEL.app]: app,
      [LABEL.service]: service,
      [LABEL.revision]: revision,
      [LABEL.role]: role,
      [LABEL.spec]: spec,
      ...(ordinal >= 0 ? { [LABEL.ordinal]: String(ordinal) } : {}),
      ...(parts.tls ? { [LABEL.tls]: "true" } : {}),
      ...(procedures.length > 0 ? { [LABEL.procedures]: procedures.join(",") } : {}),
    },
    ExposedPorts: Object.fromEntries(Object.keys(aspects.ports).map((port) => [port, {}])),
    HostConfig: {
      ...aspects.resources,
      ...aspects.mounts,
      ...host,
      PortBindings: aspects.ports,
      NetworkMode: network,
      ...LIFE,
    },
    NetworkingConfig: { EndpointsConfig: { [network]: { Aliases: aliases } } },
  };
  return { name, service, ordinal, role, exclusive, aliases, ready, form, payload, spec };
}

/** In which aspects a container that runs differs from what it should be, in words; empty where it does not. */
export function differences(running: string | undefined, wanted: string): readonly string[] {
  if (running === wanted) return [];
  const before = parse(running ?? "");
  const changed = [...parse(wanted)].filter(([aspect, hash]) => before.get(aspect) !== hash).map(([aspect]) => aspect);
  return changed.length > 0 ? changed : ["form"];
}

function parse(signature: string): ReadonlyMap<string, string> {
  return new Map(
    signature.split(" ").map((part) => {
      const [aspect = "", hash = ""] = part.split("=");
      return [aspect, hash];
    }),
  );
}

function toHash(value: unknown): string {
  return createHash("sha256")
    .update(JSON.stringify(value ?? null))
    .digest("hex")
    .slice(0, 8);
}
