import type { Client } from "pg";
import { checkDeployment, type Deployment } from "../../client/deployment.ts";

/** The one lock of all who claim a database: "deploy" as a number. */
const LOCK = 0x64_65_70_6c;

/**
 * Writes down in a database whose it is, where nobody has. FAILED_PRECONDITION where it is another deployment's, which is not adopted.
 *
 * @param client a connection to it, of whoever may make a schema there
 */
export async function claimDatabase(client: Client, what: string, deployment: Deployment): Promise<void> {
  await client.query("begin");
  try {
    await client.query("select pg_advisory_xact_lock($1)", [LOCK]);
    await client.query("create schema if not exists hadron");
    await client.query(
      "create table if not exists hadron.deployment (single boolean primary key default true check (single), id text not null, since timestamptz not null default now())",
    );
    const { rows } = await client.query<{ id: string }>("select id from hadron.deployment");
    const kept = rows[0]?.id;
    if (kept !== undefined) checkDeployment(what, kept, deployment);
    if (kept !== deployment.id) {
      await client.query(
        "insert into hadron.deployment (id) values ($1) on conflict (single) do update set id = excluded.id, since = now()",
        [deployment.id],
      );
    }
    await client.query("commit");
  } catch (error) {
    await client.query("rollback");
    throw error;
  }
}
