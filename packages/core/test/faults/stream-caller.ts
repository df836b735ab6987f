/** A caller in a process of its own: takes a stream from the address of its first argument, and says each item. */
import { compose, TableDirectory } from "@hadron/core/spi";
import { createHost } from "../../src/call/host/host.ts";
import { createMuxTransport } from "../../src/transport/mux/index.ts";
import { streams, type Wanted } from "./streams-app.ts";

const [, , address = "", id = ""] = process.argv;
const directory = new TableDirectory();
directory.set("streams", [{ ordinal: 0, name: "streams.0", address, state: "ready", reason: undefined }]);
const host = createHost({
  self: { app: "test", service: "caller", replica: "caller.0", topology: "t" },
  directory,
  transports: { unix: createMuxTransport() },
  app: compose("test", [streams]),
});
const wanted: Wanted = { id, count: 3, last: "wait" };
const items = (await host.call("streams", "make", wanted, {})) as AsyncIterable<unknown>;
for await (const item of items) process.stdout.write(`${item}\n`);
