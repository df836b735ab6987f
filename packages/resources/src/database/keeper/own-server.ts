import { ensureDatabase } from "./roles.ts";
import type { Server } from "./server.ts";

/** The server that the app runs itself: every database has an owner, and one who enters it, who may do nothing elsewhere. */
export function ownServer(
  addressOf: () => Promise<{ readonly host: string; readonly port: number }>,
  password: string,
): Server {
  return {
    maintenance: "postgres",
    config: async () => ({ ...(await addressOf()), user: "postgres", password }),
    async ensure(admin, name) {
      const credential = await ensureDatabase(admin, name);
      return { ...credential, database: name, owner: name, server: null };
    },
  };
}
