// One service that echoes. The smallest app there is.
import { run, service } from "@hadron/core";

export const hello = service("hello", (name: string = "world") => `Hello, ${name}!`, { expose: true });

await run(hello);
