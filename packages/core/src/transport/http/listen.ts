import type { Server } from "node:net";
import { HadronError } from "../../errors.ts";

/**
 * Listens at an address `unix:/path` or `tcp:HOST:PORT`, and returns it with the port filled in.
 * RUNNER_FAILED where the address is taken or not to be had.
 */
export async function listen(server: Server, address: string): Promise<string> {
  const [scheme, rest] = [address.slice(0, address.indexOf(":")), address.slice(address.indexOf(":") + 1)];
  const colon = rest.lastIndexOf(":");
  const where =
    scheme === "unix"
      ? { path: rest }
      : { host: rest.slice(0, colon).replace(/^\[(.*)\]$/, "$1"), port: Number(rest.slice(colon + 1)), backlog: 2048 };
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const why = cause.code === "EADDRINUSE" ? "another process has it" : cause.message;
      reject(new HadronError("RUNNER_FAILED", `Cannot listen on ${rest}: ${why}.`, { cause }));
    });
    server.listen(where, resolve);
  });
  server.removeAllListeners("error");
  const bound = server.address();
  return typeof bound === "object" && bound !== null ? `tcp:${rest.slice(0, colon)}:${bound.port}` : address;
}
