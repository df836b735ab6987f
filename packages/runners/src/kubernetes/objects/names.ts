import { createHash } from "node:crypto";
import type { Topology } from "@hadron/core/spi";

/** What the objects of one service are called. */
export interface ServiceNames {
  /** Of its workload, its Service for outside callers, and what else belongs to it alone. */
  readonly base: string;
  /** Of the headless Service that resolves to its pods. */
  readonly pods: string;
  /** The value of `app.kubernetes.io/name`. */
  readonly label: string;
}

/**
 * A StatefulSet's pods carry its name, a dash and a hash of ten in a label of 63; its Services must be labels of DNS,
 * of 63, and have a suffix.
 */
const MAX_BASE = 52;
const MAX_LABEL = 63;
const PODS = "-pods";

/**
 * Names the objects of every service: app and service joined by a dash. Dots become dashes, too, since Services and
 * StatefulSets take none. A name that would be too long, or would meet another's (`a.b` and `a-b`, or `a-pods` and the
 * headless Service of `a`), gets a hash of what it stands for; the names with fewer dots keep theirs, then the earlier ones.
 */
export function nameObjects(topology: Topology): ReadonlyMap<string, ServiceNames> {
  const taken = new Set<string>();
  const names = new Map<string, ServiceNames>();
  const dots = (name: string) => name.split(".").length;
  const inOrder = topology.services.map(({ name }) => name).sort((a, b) => dots(a) - dots(b));
  for (const service of inOrder) {
    const plain = `${topology.app}-${service}`.replaceAll(".", "-");
    let base = shorten(plain, MAX_BASE, service);
    if (taken.has(base) || taken.has(base + PODS)) base = withHash(plain, MAX_BASE, service);
    taken.add(base).add(base + PODS);
    names.set(service, { base, pods: base + PODS, label: shorten(service, MAX_LABEL, service) });
  }
  return names;
}

/** What belongs to the app as a whole. Names of these kinds may be as long as an app's name gets. */
export function appNames(app: string): {
  readonly account: string;
  readonly secret: string;
  readonly generated: string;
  readonly topology: string;
  readonly counts: string;
  readonly policy: string;
  readonly lease: string;
} {
  return {
    account: app,
    secret: app,
    generated: `${app}-generated`,
    topology: app,
    counts: `${app}-counts`,
    policy: app,
    lease: app,
  };
}

/** The Secret with the certificate that the Ingress of a service shows, where it is the app's own. */
export function certificateName({ base }: Pick<ServiceNames, "base">): string {
  return `${base}-cert`;
}

/** The name in DNS by which the app's own pods find an image: its service's, whose dots no Service may have. */
export function imageHost(service: string): string {
  return service.replaceAll(".", "-");
}

function shorten(text: string, max: number, meaning: string): string {
  return text.length <= max ? text : withHash(text, max, meaning);
}

function withHash(text: string, max: number, meaning: string): string {
  const hash = createHash("sha256").update(meaning).digest("hex").slice(0, 6);
  return `${text.slice(0, max - hash.length - 1).replace(/[-.]+$/, "")}-${hash}`;
}
