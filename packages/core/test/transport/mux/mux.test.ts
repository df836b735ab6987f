import { createMuxTransport } from "../../../src/transport/mux/index.ts";
import { describeTransport } from "../../../src/transport/suite/index.ts";
import { listenMux } from "./listen-mux.ts";

describeTransport("mux over Unix sockets", () => ({
  transport: createMuxTransport(),
  listen: (dispatcher) => listenMux(dispatcher, "unix"),
  nowhere: "unix:/nowhere/at/all",
}));

describeTransport("mux over TCP", () => ({
  transport: createMuxTransport(),
  listen: (dispatcher) => listenMux(dispatcher, "tcp"),
  nowhere: "tcp:127.0.0.1:1",
}));
