// A database, a function that inserts what it is told, and its URL: the whole app.
//
//   npx tsx examples/microvium.ts
//   curl -X POST http://localhost:30084/insert -H 'content-type: application/json' -d '{"text":"hello"}'
import { run, service } from "@hadron/core";
import { listenAt } from "@hadron/http";
import { database } from "@hadron/resources";

const notes = database("notes", {
  migrations: { "0001_init": "create table message (id bigint generated always as identity, text text not null)" },
});

export const insert = service("insert", (message: { text: string }) => notes.insert("message", message), {
  uses: [notes],
});
export const front = listenAt("http://localhost:30084/insert", "POST", insert);

await run(insert, front);
