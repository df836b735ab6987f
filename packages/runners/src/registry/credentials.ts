import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { HadronError, systemCode } from "@hadron/core/spi";

/** What a registry wants to see. An identity token is exchanged for access tokens instead of a password. */
export type Credentials = { readonly username: string; readonly password: string } | { readonly identityToken: string };

/** Finds the credentials for a registry, or undefined where there are none. */
export type FindCredentials = (registry: string) => Promise<Credentials | undefined>;

interface DockerConfig {
  readonly auths?: Readonly<
    Record<string, { auth?: string; username?: string; password?: string; identitytoken?: string }>
  >;
  readonly credHelpers?: Readonly<Record<string, string>>;
  readonly credsStore?: string;
}

const HUB = "https://index.docker.io/v1/";

/**
 * Reads credentials as `docker login` left them: in `$DOCKER_CONFIG/config.json` or `~/.docker/config.json`, in it or
 * with a helper (`docker-credential-NAME` on PATH). The lookup fails with RUNNER_FAILED where a helper does.
 */
export function dockerCredentials(env: Readonly<Record<string, string | undefined>>): FindCredentials {
  const path = join(env.DOCKER_CONFIG ?? join(env.HOME ?? homedir(), ".docker"), "config.json");
  let config: Promise<DockerConfig> | undefined;
  return async (registry) => {
    config ??= readConfig(path);
    const { auths = {}, credHelpers = {}, credsStore } = await config;
    const server = registry === "docker.io" ? HUB : registry;
    const helper = credHelpers[registry] ?? credHelpers[server] ?? credsStore;
    if (helper !== undefined) {
      const found = await askHelper(helper, server, env);
      if (found !== undefined) return found;
    }
    const entry = auths[server] ?? auths[`https://${registry}`] ?? auths[`https://${registry}/v2/`] ?? auths[registry];
    if (entry === undefined) return undefined;
    if (entry.identitytoken) return { identityToken: entry.identitytoken };
    if (entry.username !== undefined) return { username: entry.username, password: entry.password ?? "" };
    if (!entry.auth) return undefined;
    const [username = "", ...password] = Buffer.from(entry.auth, "base64").toString("utf8").split(":");
    return { username, password: password.join(":") };
  };
}

async function readConfig(path: string): Promise<DockerConfig> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return {};
    throw new HadronError("RUNNER_FAILED", `${path}, which holds registry credentials, cannot be read.`, { cause });
  }
  try {
    return JSON.parse(text) as DockerConfig;
  } catch (cause) {
    throw new HadronError("RUNNER_FAILED", `${path}, which holds registry credentials, is not JSON.`, { cause });
  }
}

/** The protocol of docker/docker-credential-helpers: the server's name in, JSON out. */
async function askHelper(
  name: string,
  server: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Credentials | undefined> {
  const command = `docker-credential-${name}`;
  const { code, stdout, stderr } = await new Promise<{ code: number | null; stdout: string; stderr: string }>(
    (resolve, reject) => {
      const child = spawn(command, ["get"], { env: { ...env }, stdio: "pipe" });
      let [stdout, stderr] = ["", ""];
      child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
      child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
      child.once("error", (cause) =>
        reject(
          new HadronError(
            "RUNNER_FAILED",
            `The credential helper ${command}, named in Docker's config.json, cannot be started.`,
            { cause },
          ),
        ),
      );
      child.once("close", (code) => resolve({ code, stdout, stderr }));
      child.stdin.on("error", () => {}); // A helper that does not read: its exit code tells.
      child.stdin.end(server);
    },
  );
  if (code !== 0) {
    // Said on stdout, by the protocol; it is no failure to know nothing of a registry.
    if (/credentials not found/i.test(stdout)) return undefined;
    throw new HadronError(
      "RUNNER_FAILED",
      `The credential helper ${command} failed for ${server}: ${(stdout + stderr).trim() || `exit code ${code}`}`,
    );
  }
  const { Username, Secret } = JSON.parse(stdout) as { Username: string; Secret: string };
  return Username === "<token>" ? { identityToken: Secret } : { username: Username, password: Secret };
}
