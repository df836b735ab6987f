import { run, service } from "@hadron/core";

const limit = JSON.parse("{");
await run(service("never", () => limit));
