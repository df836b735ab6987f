// A scatter whose first leaf takes its time. Returns how long that was, so that the caller knows what its way added.
import { type Context, run, service } from "@hadron/core";
import { scatter } from "@hadron/patterns";
import { type DriveOptions, driveAdded } from "../../harness-drive.ts";
import { slow } from "../../local/handlers.ts";

const leaf = (_: undefined, { replica }: Context) => slow(replica.index);

export const tree = service(
  "tree",
  scatter(10, leaf, (replies) => Math.max(...replies)),
);

export const caller = service("caller", { tree: (options: DriveOptions) => driveAdded(() => tree(), options) });

await run(caller, tree);
