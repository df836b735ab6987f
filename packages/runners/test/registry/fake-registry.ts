import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A registry that speaks the OCI distribution API over HTTP, in memory, behind a token service if `password` is given. */
export class FakeRegistry implements AsyncDisposable {
  readonly blobs = new Map<string, Buffer>();
  /** `repository/digest` of what a repository can see. */
  readonly linked = new Set<string>();
  readonly manifests = new Map<string, { type: string; body: Buffer }>();
  /** Method and path of each request. */
  readonly seen: string[] = [];
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  readonly #password: string | undefined;
  /** What goes wrong with a request instead of its answer. */
  trouble:
    | ((method: string, path: string) => { status: number; retryAfter?: string } | "reset" | undefined)
    | undefined;

  private constructor(password: string | undefined) {
    this.#password = password;
  }

  static async start(options: { readonly password?: string } = {}): Promise<FakeRegistry> {
    const registry = new FakeRegistry(options.password);
    await new Promise<void>((resolve) => registry.#server.listen(0, "127.0.0.1", resolve));
    return registry;
  }

  get name(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  addBlob(repository: string, content: Buffer): { digest: string; size: number } {
    const digest = digestOf(content);
    this.blobs.set(digest, content);
    this.linked.add(`${repository}/${digest}`);
    return { digest, size: content.length };
  }

  addManifest(repository: string, tag: string, type: string, content: unknown): { digest: string; size: number } {
    const body = Buffer.from(JSON.stringify(content));
    for (const name of [tag, digestOf(body)]) this.manifests.set(`${repository}/${name}`, { type, body });
    return { digest: digestOf(body), size: body.length };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, `http://${this.name}`);
    const trouble = this.trouble?.(request.method ?? "", url.pathname);
    if (trouble === "reset") return void request.socket.destroy();
    const body = await read(request);
    this.seen.push(`${request.method} ${url.pathname}${url.search}`);
    const answer = (status: number, headers: Record<string, string> = {}, content: Buffer | string = "") => {
      response.writeHead(status, headers).end(request.method === "HEAD" ? undefined : content);
    };
    if (trouble !== undefined) {
      return answer(
        trouble.status,
        trouble.retryAfter === undefined ? {} : { "retry-after": trouble.retryAfter },
        "busy",
      );
    }
    if (url.pathname === "/token") {
      const wanted = `Basic ${Buffer.from(`ann:${this.#password}`).toString("base64")}`;
      return request.headers.authorization === wanted
        ? answer(200, {}, JSON.stringify({ token: "let-in" }))
        : answer(401, {}, "wrong password");
    }
    if (this.#password !== undefined && request.headers.authorization !== "Bearer let-in") {
      return answer(401, { "www-authenticate": `Bearer realm="http://${this.name}/token",service="fake"` });
    }
    const match = /^\/v2\/(.+)\/(manifests|blobs)\/(.+)$/.exec(url.pathname);
    const [, repository = "", kind, version = ""] = match ?? [];
    const key = `${repository}/${version}`;
    if (kind === "manifests" && request.method === "PUT") {
      const type = request.headers["content-type"] ?? "";
      for (const name of [version, digestOf(body)]) this.manifests.set(`${repository}/${name}`, { type, body });
      return answer(201);
    }
    if (kind === "manifests") {
      const found = this.manifests.get(key);
      return found === undefined
        ? answer(404)
        : answer(200, { "content-type": found.type, "docker-content-digest": digestOf(found.body) }, found.body);
    }
    if (kind === "blobs" && version.startsWith("uploads/") && request.method === "POST") {
      const mount = url.searchParams.get("mount");
      if (mount !== null && this.linked.has(`${url.searchParams.get("from")}/${mount}`)) {
        this.linked.add(`${repository}/${mount}`);
        return answer(201);
      }
      return answer(202, { location: `/v2/${repository}/blobs/uploads/1` });
    }
    if (kind === "blobs" && request.method === "PUT") {
      const digest = url.searchParams.get("digest") ?? "";
      if (digest !== digestOf(body)) return answer(400, {}, "digest invalid");
      this.addBlob(repository, body);
      return answer(201);
    }
    const blob = this.linked.has(key) ? this.blobs.get(version) : undefined;
    return blob === undefined ? answer(404) : answer(200, {}, blob);
  }
}

function digestOf(content: Buffer): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
