/** A caller outside of a deployment, as a user's script is: it finds a service at the addresses that it is told. */
import { type Member, TableDirectory } from "@hadron/core/spi";
import { createHost } from "../../packages/core/src/call/host.ts";
import { createOutsideTransports } from "../../packages/core/src/transport/outside.ts";
import { drive, serveSide } from "../harness.ts";

const directory = new TableDirectory();
const host = createHost({
  self: { app: "bench", service: "bench", replica: undefined, topology: "" },
  directory,
  transports: createOutsideTransports(),
});

serveSide({
  members: ({ service, members }: { service: string; members: readonly Member[] }) => directory.set(service, members),
  drive: ({ service, procedure, input, inFlight, ms }) =>
    drive(() => host.call(service, procedure, input, {}), { inFlight, ms }),
});
