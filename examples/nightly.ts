// What a shell script does on one machine, as a program that survives it: it waits, tries again, forks children, cleans up.
//
//   npx tsx examples/nightly.ts up
//   npx tsx client.ts nightly nightly '{"night":"monday","tables":["users","orders"]}'
//   npx tsx client.ts archive '"monday"'
import { run, service } from "@hadron/core";
import { durable, exec, sleep, step } from "@hadron/durable";
import { keyValue } from "@hadron/resources";

interface Night {
  readonly night: string;
  readonly tables: readonly string[];
}

const files = keyValue<string>("files");

/** The names of what is kept of a night. */
export const archive = service(
  "archive",
  async (night: string) => {
    const found: string[] = [];
    for await (const { key } of files.list({ prefix: `${night}/` })) found.push(key);
    return found;
  },
  { uses: [files] },
);

/** A table's rows, packed. It fails at first, as what is asked at night does. */
const DUMP = '[ "$HADRON_ATTEMPT" -gt 1 ] && printf "rows of %s\\n" "$0" | gzip -n | base64';

/** A run of its own for each table, on whichever machine. */
export const dump = service(
  "dump",
  durable(async (table: string) => (await exec("dump", ["sh", "-c", DUMP, table], { attempts: 5 })).stdout),
  { replicas: 2 },
);

export const nightly = service(
  "nightly",
  durable(async ({ night, tables }: Night) => {
    await step("begin", () => files.set(`${night}/unfinished`, ""));
    try {
      await sleep("2s"); // say, until the load is low
      const packed = await Promise.all(tables.map((table) => dump(table)));
      const { stdout } = await exec("sum", ["sha256sum"], { stdin: packed.join(""), attempts: 3 });
      const sum = stdout.slice(0, 64);
      const kept = [...packed, sum].map((value, n) => ({ key: `${night}/${tables[n] ?? "sum"}`, value }));
      await step("keep", () => files.setMany(kept));
      return { tables: packed.length, sum };
    } finally {
      await step("clean up", () => files.delete(`${night}/unfinished`));
    }
  }),
  { replicas: 2, expose: true, uses: [files] },
);

await run(nightly, dump, archive);
