import { onStart, run, service } from "@hadron/core";

const stillborn = service("stillborn", {
  [onStart]() {
    throw new Error("no disk to write to");
  },
});

await run(stillborn);
