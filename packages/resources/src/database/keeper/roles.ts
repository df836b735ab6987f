import { randomBytes } from "node:crypto";
import type { Client } from "pg";
import { SqlName } from "../contract/sql.ts";

/** As whom a database is entered. */
export interface Credential {
  readonly user: string;
  readonly password: string;
  readonly version: number;
}

/** 192 bits, as characters that need no quotes anywhere. */
const PASSWORD_BYTES = 24;

const CREDENTIALS = `
create schema if not exists hadron;
create table if not exists hadron.credential (
  database text primary key, version integer not null, password text not null
)`;

/**
 * Makes a database where there is none, who owns it, and who enters it: a role of its own that may do in it what its owner may,
 * and nothing elsewhere. Passwords are made once, and kept in the server whose data they open.
 *
 * @param admin A connection of the server's first user to its maintenance database.
 */
export async function ensureDatabase(admin: Client, name: string): Promise<Credential> {
  await admin.query(CREDENTIALS);
  const kept = await readCredential(admin, name);
  const version = kept?.version ?? 1;
  const password = kept?.password ?? randomBytes(PASSWORD_BYTES).toString("base64url");
  const user = userOf(name, version);
  if (kept === undefined) {
    await admin.query("insert into hadron.credential (database, version, password) values ($1, $2, $3)", [
      name,
      version,
      password,
    ]);
  }
  const owner = nameOf(name);
  if (!(await exists(admin, "pg_roles where rolname", name))) await admin.query(`create role ${owner} nologin`);
  if (!(await exists(admin, "pg_database where datname", name)))
    await admin.query(`create database ${owner} owner ${owner}`);
  await admin.query(`revoke all on database ${owner} from public`);
  await ensureUser(admin, name, { user, password, version });
  return { user, password, version };
}

/** Makes the one who enters, with this password; what it makes belongs to the database's owner. */
async function ensureUser(admin: Client, name: string, { user, password }: Credential): Promise<void> {
  const [role, owner] = [nameOf(user), nameOf(name)];
  const there = await exists(admin, "pg_roles where rolname", user);
  // The password has no character that would end the string: base64url.
  await admin.query(`${there ? "alter" : "create"} role ${role} login password '${password}'`);
  await admin.query(`grant ${owner} to ${role}`);
  await admin.query(`alter role ${role} set role to ${owner}`);
}

/** The role of a version of the password: two are there while one takes over. */
function userOf(database: string, version: number): string {
  return `${database}.${version}`;
}

async function readCredential(admin: Client, name: string): Promise<{ version: number; password: string } | undefined> {
  const { rows } = await admin.query<{ version: number; password: string }>(
    "select version, password from hadron.credential where database = $1",
    [name],
  );
  return rows[0];
}

async function exists(admin: Client, where: string, name: string): Promise<boolean> {
  return (await admin.query(`select from ${where} = $1`, [name])).rowCount === 1;
}

function nameOf(name: string): string {
  return new SqlName([name]).text;
}
