/** A platform of your own: `npx tsx examples/my-own-cluster.ts` shows its token, and takes modules, files and routes from then on. */
import { run, service } from "@hadron/core";
import { platform } from "@hadron/platform";

export const cluster = service("my-own-cluster", platform({ guests: { timeoutMs: 5000 } }), {
  expose: { port: 8443 },
});

await run(cluster);
