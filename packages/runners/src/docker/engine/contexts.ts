import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { HadronError, inWords } from "@hadron/core/spi";
import { type EngineAddress, parseAddress, readTls } from "./address.ts";

/** The context that `docker context use` chose, or undefined. */
export function currentContext(configFolder: string): string | undefined {
  const path = join(configFolder, "config.json");
  if (!existsSync(path)) return undefined;
  try {
    return (JSON.parse(readFileSync(path, "utf8")) as { currentContext?: string }).currentContext;
  } catch (cause) {
    throw new HadronError("WRONG_USE", `${path} cannot be read: ${inWords(cause)}. Mend it, or set DOCKER_HOST.`, {
      cause,
    });
  }
}

/** Where a context's engine is. A context is a folder named by the hash of its name, as Docker's command keeps it. */
export function contextAddress(configFolder: string, name: string): EngineAddress {
  const id = createHash("sha256").update(name).digest("hex");
  const path = join(configFolder, "contexts", "meta", id, "meta.json");
  let meta: { Endpoints?: { docker?: { Host?: string; SkipTLSVerify?: boolean } } };
  try {
    meta = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new HadronError(
      "WRONG_USE",
      `The Docker context "${name}" has no readable ${path}. Choose another with DOCKER_CONTEXT, or set DOCKER_HOST.`,
      { cause },
    );
  }
  const endpoint = meta.Endpoints?.docker;
  if (endpoint?.Host === undefined) {
    throw new HadronError(
      "WRONG_USE",
      `The Docker context "${name}" names no engine. Choose another with DOCKER_CONTEXT, or set DOCKER_HOST.`,
    );
  }
  const tls = join(configFolder, "contexts", "tls", id, "docker");
  const files = existsSync(tls) ? readTls(tls, endpoint.SkipTLSVerify !== true) : undefined;
  return parseAddress(endpoint.Host, `the Docker context "${name}"`, files);
}
