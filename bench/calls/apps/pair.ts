// One replica that calls another, as hard as it is told to.
import { run, service } from "@hadron/core";
// Not harness.ts: that would come along into the bundle, with the bundler itself.
import { type DriveOptions, drive } from "../../harness-drive.ts";
import { floats, hello } from "../../local/handlers.ts";

export const target = service("target", { hello, floats });

export const caller = service("caller", {
  hello: (options: DriveOptions) => drive(() => target.hello("Ann"), options),
  floats: (options: DriveOptions) => drive(() => target.floats(), options),
});

await run(caller, target);
