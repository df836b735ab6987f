import { listDatabases } from "./list-databases.ts";
import { type Credential, endEarlier, ensureDatabase, rotateCredential } from "./roles.ts";
import type { Server } from "./server.ts";

/** The server that the app runs itself: every database has an owner, and one who enters it, who may do nothing elsewhere. */
export function ownServer(
  addressOf: () => Promise<{ readonly host: string; readonly port: number }>,
  password: string,
): Server {
  const toAccess = (credential: Credential, name: string) => ({
    ...credential,
    ...{ database: name, owner: name, server: null },
  });
  return {
    maintenance: "postgres",
    config: async () => ({ ...(await addressOf()), user: "postgres", password }),
    ensure: async (admin, name) => toAccess(await ensureDatabase(admin, name), name),
    list: (admin) => listDatabases(admin, ""),
    rotate: async (admin, name) => toAccess(await rotateCredential(admin, name), name),
    endEarlier,
  };
}
