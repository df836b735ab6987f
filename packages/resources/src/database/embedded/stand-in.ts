import { join } from "node:path";
import { onStart, type StartContext } from "@hadron/core";
import { HadronError, isHadronError, pattern } from "@hadron/core/spi";
import type { EmbeddedServer } from "./server.ts";

/** The port of a database server, by its name. */
export const POSTGRES_PORT = "postgres";

/** Takes the place of the image of PostgreSQL where no containers run: a server of the same version, as a process. */
export const embeddedPostgres = pattern({
  name: "embedded-postgres",
  children: {},
  root: () => {
    let server: EmbeddedServer | undefined;
    return {
      async [onStart]({ appFolder, replica, signal, clock, log }: StartContext) {
        if (replica.storage === undefined)
          throw new HadronError("FAILED_PRECONDITION", "The database server was given no folder to keep its data in.");
        // Loaded where it runs: no other replica starts processes.
        const { EmbeddedServer: Server } = await clock.outside(import("./server.ts"));
        const folder = join(replica.storage, "data");
        const started = await clock.outside(Server.start({ folder, from: appFolder, warn: (line) => log.warn(line) }));
        server = started;
        const stop = () => {
          // While it drains it goes on serving. Killed, it must let go of its folder.
          if (isHadronError(signal.reason) && signal.reason.code === "UNAVAILABLE") void started.kill();
        };
        if (signal.aborted) stop();
        else signal.addEventListener("abort", stop, { once: true });
        return { addresses: { [POSTGRES_PORT]: `${started.host}:${started.port}` } };
      },
      async [Symbol.asyncDispose]() {
        await server?.stop();
      },
    };
  },
});
