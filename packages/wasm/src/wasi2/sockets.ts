import { Failure } from "./failure.ts";

/** What is never made. */
class Absent {}

const denied = () => {
  throw new Failure("access-denied");
};

/** `wasi:sockets`: there are none, and whoever wants one is told so. Programs of some compilers import all of it, and use nothing. */
export const SOCKETS = {
  "wasi:sockets/instance-network": { instanceNetwork: () => new Absent() },
  "wasi:sockets/network": { Network: Absent, networkErrorCode: () => undefined },
  "wasi:sockets/ip-name-lookup": { ResolveAddressStream: Absent, resolveAddresses: denied },
  "wasi:sockets/tcp": { TcpSocket: Absent },
  "wasi:sockets/tcp-create-socket": { createTcpSocket: denied },
  "wasi:sockets/udp": { UdpSocket: Absent, IncomingDatagramStream: Absent, OutgoingDatagramStream: Absent },
  "wasi:sockets/udp-create-socket": { createUdpSocket: denied },
} as const;
