import { HadronError } from "@hadron/core/spi";
import type { Client } from "pg";
import { SqlName } from "../contract/sql.ts";

/** A table with rows of its own, and the columns that rows are made of. */
export interface Table {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly string[];
}

/** Where a sequence stands; `last` is null where it was never asked. A text: it may be larger than a safe number. */
export interface Sequence {
  readonly schema: string;
  readonly name: string;
  readonly last: string | null;
}

/** What of the schema `hadron` belongs to this deployment's copy of the schema, and not to the data. */
const OWN = ["hadron.migration", "hadron.deployment"];

/** Not of an extension, which brings its own. */
const NOT_OF_EXTENSION =
  "not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')";
const OF_USERS = "n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\\_%'";

/**
 * The tables of a database, each behind those that its foreign keys point to, and where its sequences stand. FAILED_PRECONDITION where
 * there is something that no COPY takes.
 */
export async function readTables(
  client: Client,
): Promise<{ readonly tables: readonly Table[]; readonly sequences: readonly Sequence[] }> {
  const { rows: large } = await client.query("select from pg_largeobject_metadata limit 1");
  if (large.length > 0) {
    throw new HadronError(
      "FAILED_PRECONDITION",
      "The database has large objects (lo_create), which a backup does not take: keep such things in a bucket, or use pg_dump.",
    );
  }
  const { rows } = await client.query<Table & { oid: string; needs: readonly string[] }>(
    `select c.oid::text, n.nspname as schema, c.relname as name,
       array(select a.attname::text from pg_attribute a
             where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' order by a.attnum) as columns,
       array(select confrelid::text from pg_constraint where conrelid = c.oid and contype = 'f' and confrelid <> c.oid) as needs
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and c.relpersistence <> 't' and ${OF_USERS} and ${NOT_OF_EXTENSION} order by 2, 3`,
  );
  const wanted = rows.filter(({ schema, name }) => !OWN.includes(`${schema}.${name}`));
  const { rows: sequences } = await client.query<Sequence>(
    `select n.nspname as schema, c.relname as name, s.last_value::text as last
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
       join pg_sequences s on s.schemaname = n.nspname and s.sequencename = c.relname
     where c.relkind = 'S' and ${OF_USERS} and ${NOT_OF_EXTENSION} order by 1, 2`,
  );
  const tables = parentsFirst(wanted).map(({ schema, name, columns }) => ({ schema, name, columns }));
  return { tables, sequences };
}

/** The text of a name in SQL. */
export function nameOf({ schema, name }: Pick<Table, "schema" | "name">): string {
  return new SqlName([schema, name]).text;
}

/** Where foreign keys go round in a circle, as they come: those have to be deferrable, or checked by nobody. */
function parentsFirst<T extends { readonly oid: string; readonly needs: readonly string[] }>(
  tables: readonly T[],
): T[] {
  const ordered: T[] = [];
  const seen = new Set<string>();
  const byOid = new Map(tables.map((table) => [table.oid, table]));
  const visit = (table: T) => {
    if (seen.has(table.oid)) return;
    seen.add(table.oid);
    for (const oid of table.needs) {
      const parent = byOid.get(oid);
      if (parent !== undefined) visit(parent);
    }
    ordered.push(table);
  };
  for (const table of tables) visit(table);
  return ordered;
}
