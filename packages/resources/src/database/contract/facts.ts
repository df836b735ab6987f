/** What a replica asks its database's keeper for: see {@link ConnectionFacts}. */
export interface FactsRequest {
  /** The database. */
  readonly name: string;
  /** Names and hashes of the migrations that it declares: they are waited for. */
  readonly migrations: readonly { readonly name: string; readonly sha256: string }[];
}

/** How to connect to a database. Held in memory alone: never in variables, files of an image, labels, plan or logs. */
export interface ConnectionFacts {
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Where a server is that the app does not run itself; null: ask where `hadron.postgres` is. */
  readonly server: { readonly host: string; readonly port: number; readonly tls: Tls } | null;
  /** As many connections as the server takes in all. */
  readonly maxConnections: number;
  /** Raised by each rotation of the password. */
  readonly version: number;
}

/** How a connection is protected: not, encrypted, or encrypted with a server whose certificate was checked. */
export type Tls = "off" | "encrypted" | "verified";

/** What the driver is told. */
export function toSsl(tls: Tls): false | { readonly rejectUnauthorized: boolean } {
  return tls === "off" ? false : { rejectUnauthorized: tls === "verified" };
}
