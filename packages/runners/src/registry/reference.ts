import { HadronError } from "@hadron/core/spi";

/** Where an image is: `registry.example:5000/team/app:tag@sha256:…`, in its parts. */
export interface Reference {
  /** Host and port. */
  readonly registry: string;
  readonly repository: string;
  /** A tag or a digest. */
  readonly version: string;
}

const REFERENCE =
  /^(?:(?<host>(?:[\w.-]+|\[[\da-f:]+\])(?::\d+)?)\/)?(?<path>[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*)(?::(?<tag>[\w][\w.-]{0,127}))?(?:@(?<digest>sha256:[0-9a-f]{64}))?$/;

/**
 * Reads an image reference as Docker does: without a registry it is Docker Hub's, whose own images are in `library/`.
 * WRONG_USE where it is none.
 *
 * @example
 * parseReference("node:24-slim"); // docker.io, library/node, 24-slim
 */
export function parseReference(text: string): Reference {
  const slash = text.indexOf("/");
  const first = slash < 0 ? "" : text.slice(0, slash);
  const hasHost = first.includes(".") || first.includes(":") || first === "localhost";
  const match = REFERENCE.exec(hasHost ? text : `docker.io/${text}`);
  const { host, path, tag, digest } = match?.groups ?? {};
  if (host === undefined || path === undefined) {
    throw new HadronError(
      "WRONG_USE",
      `"${text}" is no image reference, such as node:24-slim or registry.example/team/app:1.`,
    );
  }
  const registry = host === "index.docker.io" ? "docker.io" : host;
  const repository = registry === "docker.io" && !path.includes("/") ? `library/${path}` : path;
  return { registry, repository, version: digest ?? tag ?? "latest" };
}

/** The opposite of {@link parseReference}. */
export function toText({ registry, repository, version }: Reference): string {
  return `${registry}/${repository}${version.startsWith("sha256:") ? "@" : ":"}${version}`;
}

/** Where the API of a registry is. Registries on this machine speak plain HTTP, as Docker takes it for granted, too. */
export function apiOf(registry: string): string {
  if (registry === "docker.io") return "https://registry-1.docker.io";
  const host = registry.replace(/:\d+$/, "");
  const local =
    host === "localhost" || host.endsWith(".localhost") || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);
  return `${local ? "http" : "https"}://${registry}`;
}
