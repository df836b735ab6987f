import { AsyncLocalStorage } from "node:async_hooks";
import type { StartContext } from "@hadron/core";
import type { Client } from "pg";
import { toSsl } from "../../database/contract/facts.ts";
import { databases } from "../../database/keeper/database-service.ts";
import { postgres } from "../../database/keeper/postgres-service.ts";

/** Within it a server takes a connection, or is away. */
const CONNECT_MS = 10_000;

/** Gives what enters databases of the app: whenever a connection is needed, and by no call's deadline but its own. */
export function createConnect({
  clock,
  replica,
}: Pick<StartContext, "clock" | "replica">): (name: string) => Promise<Client> {
  const atStart = AsyncLocalStorage.snapshot();
  const connect = async (name: string) => {
    // Loaded where it is used: a server's driver is no part of a store that keeps all in a file.
    const { default: pg } = await clock.outside(import("pg"));
    const { user, password, database, server } = await databases.facts({ name, migrations: [] });
    const at = server ?? { ...(await postgres.address()), tls: "off" as const };
    const client = new pg.Client({
      ...{ user, password, database, host: at.host, port: at.port, ssl: toSsl(at.tls) },
      ...{ application_name: replica.name, connectionTimeoutMillis: CONNECT_MS, keepAlive: true },
    });
    client.on("error", () => {});
    await clock.outside(client.connect());
    return client;
  };
  return (name) => atStart(connect, name);
}
