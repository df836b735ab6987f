import { EXPOSED_PORT } from "../../replica/layout.ts";
import type { EngineAddress } from "../engine/address.ts";
import type { SeenContainer } from "./world.ts";

export interface Published {
  readonly host: string;
  readonly port: number;
}

/**
 * Where a container's exposed port can be called from this machine; undefined where it publishes none, or only on the
 * loopback address of another machine. A VM on this machine (Docker Desktop, Colima) has a socket here, and forwards.
 */
export function publishedAt({ ports, role }: SeenContainer, engine: EngineAddress): Published | undefined {
  const [published] = ports.flatMap(({ PublicPort, PrivatePort, IP = "" }) =>
    PublicPort !== undefined && (role === "image" || PrivatePort === EXPOSED_PORT)
      ? [{ host: isEverywhere(IP) ? undefined : IP, port: PublicPort }]
      : [],
  );
  if (published === undefined) return undefined;
  const { host, port } = published;
  if (engine.kind === "unix") return { host: host ?? "127.0.0.1", port };
  if (host === undefined)
    return { host: engine.kind === "tcp" ? engine.host : engine.target.replace(/^.*@/, ""), port };
  return isLoopback(host) ? undefined : { host, port };
}

function isEverywhere(address: string): boolean {
  return address === "" || address === "0.0.0.0" || address === "::";
}

/** The same as a URL: `http://127.0.0.1:40123`, `https://…`, `tcp://…` for an image, or null. */
export function endpointOf(container: SeenContainer, engine: EngineAddress): string | null {
  const at = publishedAt(container, engine);
  if (at === undefined) return null;
  return `${container.role === "image" ? "tcp" : container.tls ? "https" : "http"}://${at.host.includes(":") ? `[${at.host}]` : at.host}:${at.port}`;
}

function isLoopback(address: string): boolean {
  return address.startsWith("127.") || address === "::1";
}
