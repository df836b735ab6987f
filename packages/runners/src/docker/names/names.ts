/**
 * How things of an app are called on the engine. All names begin with the app's, which is one DNS label, so that what
 * follows the first dot is ours to choose and two apps never meet.
 *
 * A replica is `APP.SERVICE.ORDINAL`. While its predecessor lives under that name, it is `APP.SERVICE.ORDINAL.REVISION`
 * (the first 8 digits), and takes the name over when the other is gone.
 */
export function containerName(app: string, service: string, ordinal: number): string {
  return `${app}.${service}.${ordinal}`;
}

/** The name of a replica whose predecessor still lives. */
export function successorName(name: string, revision: string): string {
  return `${name}.${revision.slice(0, 8)}`;
}

export function ingressName(app: string, service: string): string {
  return `${app}.${service}.ingress`;
}

/** The program of an ingress, and what it is told. */
export function ingressVolume(app: string, service: string): string {
  return `${app}.${service}.ingress`;
}

export function networkName(app: string): string {
  return `${app}.hadron`;
}

/** Holds how many replicas run now, where `scale` changed it. */
export function countsVolume(app: string): string {
  return `${app}.counts`;
}

/** A shard's own storage. It outlives the container. */
export function storageVolume(app: string, service: string, ordinal: number): string {
  return `${app}.${service}.${ordinal}`;
}

/** The secrets of one service. New values are a new volume, so that what a replica was started with can be told. */
export function secretsVolume(app: string, service: string, generation: string): string {
  return `${app}.${service}.secrets-${generation}`;
}

/** The secrets that were made for an app: data, which outlives it. */
export function generatedVolume(app: string): string {
  return `${app}.generated`;
}

/** Locks are numbered: a later one takes over from one whose holder died. */
export function lockVolume(app: string, generation: number): string {
  return `${app}.lock-${generation}`;
}

/** Tagged by content. The registry part never resolves to one that could be asked for it. */
export function imageTag(app: string, content: string): string {
  return `hadron/${app}:${content}`;
}

/** The tag of the image of the app's ingresses, which exported files name. */
export function ingressImageTag(app: string, content: string): string {
  return imageTag(app, `ingress-${content}`);
}

export function isIngressTag(app: string, tag: string): boolean {
  return tag.startsWith(ingressImageTag(app, ""));
}
