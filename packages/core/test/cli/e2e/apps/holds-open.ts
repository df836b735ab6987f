import { run, service } from "@hadron/core";

// As a cache, a pool or a client does that is made at the top of a file.
setInterval(() => {}, 60_000);

export const open = service("open", () => "ok");

await run(open);
process.stderr.write("behind run\n");
