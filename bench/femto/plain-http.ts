import { Agent, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

/** Plain JSON over node:http, as one would write it by hand, with connections that are kept. */
const agent = new Agent({ keepAlive: true });

/** Posts JSON to a port of this machine. Rejects where the answer is not 200. */
export function post<T>(port: number, path: string, input: unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    const body = JSON.stringify(input);
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const call = request({ host: "127.0.0.1", port, path, method: "POST", agent, headers }, (response) => {
      response.setEncoding("utf8");
      let text = "";
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => {
        if (response.statusCode === 200) resolve(JSON.parse(text) as T);
        else reject(new Error(`${path}: ${response.statusCode} ${text}`));
      });
    });
    call.on("error", reject);
    call.end(body);
  });
}

/** Serves JSON at a free port, which it returns. */
export function serve(handlers: Readonly<Record<string, (input: any) => unknown>>): Promise<number> {
  const server = createServer((incoming, response) => {
    incoming.setEncoding("utf8");
    let text = "";
    incoming.on("data", (chunk: string) => {
      text += chunk;
    });
    incoming.on("end", async () => {
      try {
        const output = JSON.stringify((await handlers[incoming.url!]!(JSON.parse(text))) ?? null);
        response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(output) });
        response.end(output);
      } catch (error) {
        response.writeHead(500).end(String(error));
      }
    });
  });
  // Else a connection that was idle for five seconds may be closed just when it is used again.
  server.keepAliveTimeout = 0;
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}
