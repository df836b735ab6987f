import { run, service } from "@hadron/core";

await Promise.all([run(service("one", () => 1)), run(service("two", () => 2))]);
