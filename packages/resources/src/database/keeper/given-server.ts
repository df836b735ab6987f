import { HadronError } from "@hadron/core/spi";
import type { Deployment } from "../../client/deployment.ts";
import { type Tls, toSsl } from "../contract/facts.ts";
import { SqlName } from "../contract/sql.ts";
import { toSqlError } from "../contract/sql-error.ts";
import { listDatabases } from "./list-databases.ts";
import type { Server } from "./server.ts";

/** A name of PostgreSQL's has so many bytes at most; what is longer it cuts off. */
const MOST_NAME_BYTES = 63;

/**
 * A server that runs elsewhere, by its URL: each database is called after app and resource, and entered as the URL says.
 * FAILED_PRECONDITION where the URL is none.
 *
 * @param variable Where the URL comes from, for messages: it is secret itself.
 */
export function givenServer(app: string, variable: string, text: string, deployment: Deployment): Server {
  const url = URL.parse(text);
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol)) {
    throw new HadronError(
      "FAILED_PRECONDITION",
      `${variable} holds no URL of a PostgreSQL server: postgres://USER:PASSWORD@HOST:PORT/DATABASE.`,
    );
  }
  const host = url.searchParams.get("host") ?? url.hostname.replace(/^\[|\]$/g, "");
  const port = Number(url.searchParams.get("port") ?? (url.port || 5432));
  const tls = toTls(url.searchParams.get("sslmode"), variable);
  const [user, password] = [url.username, url.password].map(decodeURIComponent) as [string, string];
  const notOurs = async (): Promise<never> => {
    const text = `The server of ${variable} is not the app's, and neither are its passwords: change the one of ${user} there, and say the new URL at the next up.`;
    throw new HadronError("FAILED_PRECONDITION", text);
  };
  return {
    deployment,
    list: (admin) => listDatabases(admin, `${app}.`),
    rotate: notOurs,
    endEarlier: notOurs,
    maintenance: decodeURIComponent(url.pathname.slice(1)) || "postgres",
    config: async () => ({ host, port, user, password, ssl: toSsl(tls) }),
    async ensure(admin, name) {
      const database = `${app}.${name}`;
      if (Buffer.byteLength(database) > MOST_NAME_BYTES) {
        const text = `database("${name}") would be called "${database}", and PostgreSQL takes ${MOST_NAME_BYTES} bytes: give the app or it a shorter name.`;
        throw new HadronError("FAILED_PRECONDITION", text);
      }
      const { rowCount } = await admin.query("select from pg_database where datname = $1", [database]);
      if (rowCount === 0) {
        await admin.query(`create database ${new SqlName([database]).text}`).catch((error: unknown) => {
          const why = toSqlError(error, name).detail;
          const text = `${why}: ${user} cannot make it. Let somebody else make the database "${database}", owned by ${user}.`;
          throw new HadronError("FAILED_PRECONDITION", text, { cause: error });
        });
      }
      return { user, password, version: 0, database, owner: undefined, server: { host, port, tls } };
    },
  };
}

function toTls(mode: string | null, variable: string): Tls {
  if (mode === null || mode === "disable") return "off";
  if (mode === "require") return "encrypted";
  if (mode === "verify-full") return "verified";
  throw new HadronError(
    "FAILED_PRECONDITION",
    `${variable}: sslmode=${mode} is not known here; there are disable, require and verify-full.`,
  );
}
