import type { Client, ClientConfig } from "pg";
import type { Deployment } from "../../client/deployment.ts";
import type { ConnectionFacts } from "../contract/facts.ts";

/** How a database is entered. */
export interface Access extends Omit<ConnectionFacts, "maxConnections"> {
  /** As whom its schema is made; undefined: as who connects. */
  readonly owner: string | undefined;
}

/** A database that is there. */
export interface ThereDatabase {
  /** As it was declared. */
  readonly name: string;
  /** As the server calls it. */
  readonly database: string;
  readonly bytes: number;
}

/** A PostgreSQL server, as its keeper sees it. */
export interface Server {
  /** Whose databases have to be, where other deployments can reach the server, too. */
  readonly deployment?: Deployment;
  /** How whoever may make databases enters it. */
  config(): Promise<ClientConfig>;
  /** Its database for people who have none yet, to which `config` leads. */
  readonly maintenance: string;
  /** Makes a database where there is none, and those who enter it. */
  ensure(admin: Client, name: string): Promise<Access>;
  /** The app's databases that are there, declared or not, but for the store's. */
  list(admin: Client): Promise<readonly ThereDatabase[]>;
  /** Makes a new password for a database. FAILED_PRECONDITION where passwords are somebody else's business. */
  rotate(admin: Client, name: string): Promise<Access>;
  /** Lets nobody in any more with an earlier password than this one. How many connections that came in so are left. */
  endEarlier(admin: Client, name: string, version: number): Promise<number>;
}
