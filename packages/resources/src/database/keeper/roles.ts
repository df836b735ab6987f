import { randomBytes } from "node:crypto";
import { HadronError } from "@hadron/core/spi";
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
  const password = kept?.password ?? newPassword();
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
  await endEarlier(admin, name, version);
  return { user, password, version };
}

/**
 * Makes a new password for a database, of a role of its own, all or nothing. The role of before may come in until {@link endEarlier}.
 * FAILED_PRECONDITION where the database has none.
 */
export async function rotateCredential(admin: Client, name: string): Promise<Credential> {
  const kept = await readCredential(admin, name);
  if (kept === undefined) throw new HadronError("FAILED_PRECONDITION", `database("${name}") has no password yet.`);
  const version = kept.version + 1;
  const made = { user: userOf(name, version), password: newPassword(), version };
  await admin.query("begin");
  try {
    await ensureUser(admin, name, made);
    // So that it may cancel what those who came in before still do.
    await admin.query(`grant ${nameOf(userOf(name, kept.version))} to ${nameOf(made.user)}`);
    await admin.query("update hadron.credential set version = $2, password = $3 where database = $1", [
      name,
      version,
      made.password,
    ]);
    await admin.query("commit");
    return made;
  } catch (error) {
    await admin.query("rollback").catch(() => {});
    throw error;
  }
}

/**
 * The roles of earlier passwords are not let in any more; what they have open goes on. One that has nothing open is removed. How many
 * connections are left.
 */
export async function endEarlier(admin: Client, name: string, version: number): Promise<number> {
  const { rows } = await admin.query<{ rolname: string; open: number }>(
    `select rolname, (select count(*)::int from pg_stat_activity where usename = rolname) as open
     from pg_roles where starts_with(rolname, $1 || '.')`,
    [name],
  );
  let left = 0;
  for (const { rolname, open } of rows) {
    const number = /^[1-9]\d*$/.exec(rolname.slice(name.length + 1))?.[0];
    if (number === undefined || Number(number) >= version) continue;
    await admin.query(`alter role ${nameOf(rolname)} nologin password null`);
    left += open;
    // Where somebody made something of its own with it, it stays, and cannot come in.
    if (open === 0) await admin.query(`drop role ${nameOf(rolname)}`).catch(() => {});
  }
  return left;
}

function newPassword(): string {
  return randomBytes(PASSWORD_BYTES).toString("base64url");
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
