export type { AdminWish } from "../guest/protocol.ts";
export type { Answering } from "../pool/guest-thread.ts";
export { type GuestGrant, type HostedCall, HostedModule, type HostedResult } from "./hosted-module.ts";
export { type ModuleToHost, type PreparedModule, prepareModule } from "./prepare.ts";
