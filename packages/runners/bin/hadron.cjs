#!/usr/bin/env node
// Plain syntax, and nothing imported before the check: a Node that is too old must get as far as being told so.
const oldest = 24;
if (parseInt(process.versions.node, 10) < oldest) {
  console.error(`hadron needs Node ${oldest} or newer; this is ${process.versions.node}.`);
  process.exitCode = 1;
} else {
  import("@hadron/runners/client").then(
    (client) => client.runClient(),
    (error) => {
      console.error(error);
      process.exitCode = 1;
    },
  );
}
