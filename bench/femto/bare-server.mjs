// A bare node:http process: what the smallest service that one can write by hand takes.
import { createServer } from "node:http";

const server = createServer((_, response) => response.end());
server.listen(0, "127.0.0.1", () => process.send({ ready: true }));
process.on("disconnect", () => process.exit());
