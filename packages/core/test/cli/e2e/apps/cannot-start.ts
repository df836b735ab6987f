import { run, service } from "@hadron/core";

if (process.env.HADRON_SERVICE !== undefined) throw new Error("no disk to start from");
await run(service("broken", () => 1));
