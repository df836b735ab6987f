import type { Socket } from "node:net";

/** Answers who comes without TLS: a page is sent where it is spoken, anything else is told so. */
export function sendToTls(socket: Socket): void {
  const { createServer } = process.getBuiltinModule("node:http");
  const server = createServer({ headersTimeout: 5_000, keepAlive: false }, (request, response) => {
    const { host } = request.headers;
    const safe = host !== undefined && /^[\w.:[\]-]+$/.test(host) && request.url?.startsWith("/") === true;
    const redirect = safe && (request.method === "GET" || request.method === "HEAD");
    const text = "Here is TLS: ask with https in place of http.\n";
    response.writeHead(redirect ? 308 : 426, {
      "content-type": "text/plain; charset=utf-8",
      connection: redirect ? "close" : "close, upgrade",
      ...(redirect ? { location: `https://${host}${request.url}` } : { upgrade: "TLS/1.2, HTTP/1.1" }),
    });
    response.end(text, () => socket.end());
  });
  server.emit("connection", socket);
  socket.resume();
}
