/** A node:http server that only drains the POST and answers: what is left to win when all own code is gone. */
import { createServer } from "node:http";
import { serveSide } from "../harness-process.ts";

const [, , answer] = process.argv;
const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(answer!) };
const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
  request.resume();
  request.on("end", () => response.writeHead(200, headers).end(answer));
});

serveSide({
  listen: () =>
    new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port))),
});
