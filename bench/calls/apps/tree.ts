// A scatter over ten leaves, and a replica that calls it.
import { run, service } from "@hadron/core";
import { scatter } from "@hadron/patterns";
import { type DriveOptions, drive } from "../../harness-drive.ts";
import { gather, numbers } from "../../local/handlers.ts";

export const tree = service("tree", scatter(10, numbers, gather));

export const caller = service("caller", { tree: (options: DriveOptions) => drive(() => tree(), options) });

await run(caller, tree);
