/** Serves what the bench puts beside it. */
import { run, service } from "@hadron/core";
import { files, http } from "@hadron/http";

export const served = service("served", http({ "/files/*": files("./public") }), { expose: true });

await run(served);
