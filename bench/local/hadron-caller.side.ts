/** A caller outside of a deployment, as a user's script is: it calls a service at the address that it is told. */
import { TableDirectory } from "@hadron/core/spi";
import { createHost, type Host } from "../../packages/core/src/call/host/host.ts";
import { createOutsideTransports } from "../../packages/core/src/connect/transports.ts";
import { drive } from "../harness-drive.ts";
import { serveSide } from "../harness-process.ts";

let host: Host;

serveSide({
  connect({ app, service, address }: { app: string; service: string; address: string }) {
    const directory = new TableDirectory();
    directory.set(service, [{ ordinal: 0, name: `${service}.0`, address, state: "ready", reason: undefined }]);
    const self = { app, service: "bench", replica: undefined, topology: "" };
    host = createHost({ self, directory, transports: createOutsideTransports() });
  },
  drive: ({ service, procedure, input, inFlight, ms }) =>
    drive(() => host.call(service, procedure, input, {}), { inFlight, ms }),
});
