import type { Readable } from "node:stream";
import { HadronError } from "@hadron/core/spi";
import { textOf } from "../shared/text.ts";
import { isPassing, retryAfterMs } from "./again.ts";
import type { Credentials, FindCredentials } from "./credentials.ts";
import { type HttpAnswer, type HttpOptions, send } from "./http.ts";
import { apiOf } from "./reference.ts";

/** A pointer to content by its digest (OCI image specification, "Content Descriptors"). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly os: string; readonly architecture: string; readonly variant?: string };
}

/**
 * One registry, by the OCI distribution specification. All fail with RUNNER_FAILED where the registry does not answer or
 * does not let us, with its own words.
 */
export class Registry {
  readonly name: string;
  readonly #api: string;
  readonly #find: FindCredentials;
  readonly #signal: AbortSignal | undefined;
  /** Scope → the header that the registry accepted. */
  readonly #authorization = new Map<string, string>();

  constructor(name: string, options: { readonly credentials: FindCredentials; readonly signal?: AbortSignal }) {
    this.name = name;
    this.#api = apiOf(name);
    this.#find = options.credentials;
    this.#signal = options.signal;
  }

  /** The digest behind a tag, or undefined. */
  async resolve(repository: string, version: string): Promise<string | undefined> {
    const answer = await this.#ask(repository, `manifests/${version}`, {
      method: "HEAD",
      headers: { accept: MANIFESTS },
    });
    answer.body.resume();
    if (answer.status === 404) return undefined;
    const digest = answer.headers["docker-content-digest"];
    if (answer.status === 200 && typeof digest === "string") return digest;
    return this.#refused(answer, `look for ${repository}:${version}`);
  }

  async manifest(
    repository: string,
    version: string,
  ): Promise<{ readonly mediaType: string; readonly content: any } | undefined> {
    const answer = await this.#ask(repository, `manifests/${version}`, { headers: { accept: MANIFESTS } });
    const text = await textOf(answer.body);
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) return this.#refused(answer, `read ${repository}:${version}`, text);
    return { mediaType: String(answer.headers["content-type"]).split(";")[0]!, content: JSON.parse(text) };
  }

  async blob(repository: string, digest: string): Promise<Readable> {
    let answer = await this.#ask(repository, `blobs/${digest}`, {});
    let from = new URL(`/v2/${repository}/blobs/${digest}`, this.#api);
    // Blobs often lie in a store of their own, which must not see the registry's credentials.
    for (let hops = 0; hops < 5 && answer.status >= 300 && answer.status < 400; hops++) {
      answer.body.resume();
      from = new URL(String(answer.headers.location), from);
      answer = await send(from, { signal: this.#signal });
    }
    return answer.status === 200 ? answer.body : this.#refused(answer, `read ${digest} of ${repository}`);
  }

  async hasBlob(repository: string, digest: string): Promise<boolean> {
    const answer = await this.#ask(repository, `blobs/${digest}`, { method: "HEAD" });
    answer.body.resume();
    if (isPassing(answer.status)) return this.#refused(answer, `look for ${digest} of ${repository}`, "");
    return answer.status === 200 || answer.status === 307;
  }

  /** Makes a blob of another repository of this registry appear in this one. False where it does not do that. */
  async mountBlob(repository: string, digest: string, from: string): Promise<boolean> {
    const query = `?mount=${encodeURIComponent(digest)}&from=${encodeURIComponent(from)}`;
    const answer = await this.#ask(
      repository,
      `blobs/uploads/${query}`,
      { method: "POST", body: new Uint8Array() },
      from,
    );
    answer.body.resume();
    return answer.status === 201;
  }

  /** Uploads a blob in one go. A stream has to be exactly `size` bytes. */
  async putBlob(
    repository: string,
    { digest, size }: Pick<Descriptor, "digest" | "size">,
    body: Uint8Array | Readable,
  ): Promise<void> {
    const begun = await this.#ask(repository, "blobs/uploads/", { method: "POST", body: new Uint8Array() });
    if (begun.status !== 202) return this.#refused(begun, `begin an upload to ${repository}`);
    begun.body.resume();
    const url = new URL(String(begun.headers.location), this.#api);
    url.searchParams.set("digest", digest);
    const headers = {
      "content-type": "application/octet-stream",
      "content-length": String(size),
      // Uploads, too, may go to a store of their own, whose address says what it needs to know.
      ...(url.origin === new URL(this.#api).origin ? this.#header(repository) : {}),
    };
    const done = await send(url, { method: "PUT", headers, body, signal: this.#signal });
    if (done.status !== 201) return this.#refused(done, `upload to ${repository}`);
    done.body.resume();
  }

  async putManifest(repository: string, version: string, mediaType: string, body: Uint8Array): Promise<void> {
    const answer = await this.#ask(repository, `manifests/${version}`, {
      method: "PUT",
      headers: { "content-type": mediaType },
      body,
    });
    if (answer.status !== 201) return this.#refused(answer, `write ${repository}:${version}`);
    answer.body.resume();
  }

  #header(repository: string): Record<string, string> {
    const authorization = this.#authorization.get(repository);
    return authorization === undefined ? {} : { authorization };
  }

  async #ask(repository: string, path: string, options: HttpOptions, alsoPull?: string): Promise<HttpAnswer> {
    const url = new URL(`/v2/${repository}/${path}`, this.#api);
    const attempt = () =>
      send(url, { ...options, headers: { ...options.headers, ...this.#header(repository) }, signal: this.#signal });
    const answer = await attempt();
    const challenge = answer.headers["www-authenticate"];
    if (answer.status !== 401 || typeof challenge !== "string") return answer;
    answer.body.resume();
    this.#authorization.set(repository, await this.#authorize(challenge, repository, alsoPull));
    return attempt();
  }

  /** Answers a challenge. Bearer: docs "Token Authentication Specification" of the distribution project. */
  async #authorize(challenge: string, repository: string, alsoPull: string | undefined): Promise<string> {
    const known = await this.#find(this.name);
    const basic = known !== undefined && "username" in known ? toBasic(known) : undefined;
    const [scheme = "", rest = ""] = challenge.split(/ (.*)/s);
    if (scheme.toLowerCase() === "basic") {
      if (basic === undefined) throw this.#noCredentials();
      return basic;
    }
    const said = Object.fromEntries([...rest.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]));
    const scopes = [
      `repository:${repository}:pull,push`,
      ...(alsoPull === undefined ? [] : [`repository:${alsoPull}:pull`]),
    ];
    // Somebody who may only read asks for less: a token for more is refused by some registries.
    const attempts =
      known === undefined || alsoPull !== undefined ? [scopes] : [scopes, [`repository:${repository}:pull`]];
    let refusal = "";
    for (const wanted of known === undefined ? [[`repository:${repository}:pull`]] : attempts) {
      const answer = await this.#askToken(said, wanted, known, basic);
      const text = await textOf(answer.body);
      if (answer.status === 200) {
        const { token, access_token } = JSON.parse(text) as { token?: string; access_token?: string };
        return `Bearer ${token ?? access_token}`;
      }
      refusal = `${answer.status} ${text.slice(0, 200)}`;
    }
    if (known === undefined) throw this.#noCredentials();
    throw new HadronError(
      "RUNNER_FAILED",
      `The registry ${this.name} gives no token for ${repository}: ${refusal.trim()}. Log in again with \`docker login ${this.name}\`.`,
    );
  }

  #askToken(
    said: Record<string, string>,
    scopes: readonly string[],
    known: Credentials | undefined,
    basic: string | undefined,
  ): Promise<HttpAnswer> {
    const url = new URL(said.realm ?? "");
    if (known !== undefined && "identityToken" in known) {
      const form = {
        grant_type: "refresh_token",
        service: said.service ?? "",
        client_id: "hadron",
        scope: scopes.join(" "),
        refresh_token: known.identityToken,
      };
      const body = Buffer.from(new URLSearchParams(form).toString());
      return send(url, {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body,
        signal: this.#signal,
      });
    }
    if (said.service !== undefined) url.searchParams.set("service", said.service);
    for (const scope of scopes) url.searchParams.append("scope", scope);
    return send(url, { headers: basic === undefined ? {} : { authorization: basic }, signal: this.#signal });
  }

  #noCredentials(): HadronError {
    return new HadronError(
      "RUNNER_FAILED",
      `The registry ${this.name} wants to know who you are: run \`docker login ${this.name}\`, or put its credentials into ~/.docker/config.json.`,
    );
  }

  async #refused(answer: HttpAnswer, what: string, text?: string): Promise<never> {
    const said = (text ?? (await textOf(answer.body))).trim();
    const remedy =
      answer.status === 401 || answer.status === 403
        ? ` Check your rights there, and \`docker login ${this.name}\`.`
        : "";
    throw new HadronError(
      "RUNNER_FAILED",
      `The registry ${this.name} would not ${what}: ${answer.status} ${said.slice(0, 300) || "without a word"}.${remedy}`,
      isPassing(answer.status) ? { retryable: true, ...toRetryAfter(answer) } : {},
    );
  }
}

function toRetryAfter({ headers }: HttpAnswer): { readonly retryAfterMs?: number } {
  const ms = retryAfterMs(headers["retry-after"]);
  return ms === undefined ? {} : { retryAfterMs: ms };
}

function toBasic({ username, password }: { readonly username: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

const MANIFESTS = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");
