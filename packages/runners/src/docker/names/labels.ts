/** I9: the labels are the state of a deployment. Whoever reads them sees the same as whoever wrote them. */
export const LABEL = {
  /** The app: on everything that we make. */
  app: "dev.hadron.app",
  service: "dev.hadron.service",
  revision: "dev.hadron.revision",
  /** Which replica of its service, from 0. */
  ordinal: "dev.hadron.ordinal",
  /** What a thing is for: see {@link Role}. */
  role: "dev.hadron.role",
  /** What the container was made from, a short hash for each aspect: see `spec.ts`. */
  spec: "dev.hadron.spec",
  /** The names of its service's procedures, joined by commas. */
  procedures: "dev.hadron.procedures",
  /** `true` on an ingress that speaks TLS. */
  tls: "dev.hadron.tls",
  /** Who holds a lock. */
  holder: "dev.hadron.holder",
} as const;

/**
 * `replica`: a replica of our own code; `image`: one of another image; `ingress`: keeps a port while replicas come and
 * go, and the volume of what runs in it; `lock`, `counts`, `secrets`, `storage`, `generated`: volumes; `writer`: a container that is never started, through
 * which files get into volumes.
 */
export type Role = "replica" | "image" | "ingress" | "lock" | "counts" | "secrets" | "storage" | "generated" | "writer";

type Labels = Readonly<Record<string, string>> | null | undefined;

export function isOf(app: string, labels: Labels): boolean {
  return labels?.[LABEL.app] === app;
}

/** The engine's filter for what carries these labels, as its query wants it. */
export function filterBy(...labels: readonly string[]): string {
  return JSON.stringify({ label: labels });
}

/** I10: a runner asks for what carries its app's label, and touches nothing else. */
export function ofApp(app: string): string {
  return filterBy(`${LABEL.app}=${app}`);
}
