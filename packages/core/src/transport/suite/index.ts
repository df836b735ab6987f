/** The promises of a transport, as tests; and what tests of transports need. */
export { describeTransport } from "./describe-transport.ts";
export type { Listening, TransportUnderTest } from "./rig.ts";
export { callScope, TestDispatcher, until } from "./test-dispatcher.ts";
