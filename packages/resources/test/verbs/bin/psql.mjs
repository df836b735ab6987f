// What psql does with `--command SQL`, for tests on machines that have none: it connects as the environment says, and prints rows.
import pg from "pg";

const [flag, sql] = process.argv.slice(2);
if (sql === "until it is told twice") {
  // As in a session, Ctrl-C is not its end.
  let told = 0;
  process.on("SIGINT", () => console.log(`told ${++told}`));
  console.log("begun");
  while (told < 2) await new Promise((resolve) => setTimeout(resolve, 20));
  process.exit(3);
}
if (flag !== "--command") throw new Error(`psql was given ${process.argv.slice(2).join(" ")}`);
const client = new pg.Client();
await client.connect();
try {
  const { rows } = await client.query({ text: sql, rowMode: "array" });
  for (const row of rows) console.log(row.join("|"));
} finally {
  await client.end();
}
