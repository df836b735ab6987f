/** One replica of the bench's service, as a process: `node replica.ts ORDINAL ADDRESS`. Says "ready" over IPC. */
import { compose, TableDirectory } from "@hadron/core/spi";
import { createHost } from "../../packages/core/src/call/host/host.ts";
import { ReplicaServer } from "../../packages/core/src/serve/replica-server.ts";
import { bench } from "./app.ts";

const [ordinal = "0", address = ""] = process.argv.slice(2);
const app = compose("bench", [bench]);
const self = { app: "bench", service: "bench", replica: `bench.${ordinal}`, topology: "bench" };
const quiet = () => {};
const server = new ReplicaServer({
  app,
  host: createHost({ self, directory: new TableDirectory(), transports: {}, app }),
  self,
  service: "bench",
  ordinal: Number(ordinal),
  revision: "bench",
  log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  count: () => 1,
});
await server.listen([address], { exposed: false });
server.ready();
process.on("disconnect", () => process.exit());
process.send?.("ready");
