import type { StoreClient } from "./store-client.ts";

/** Gives the store client through which the running code reaches a resource: another one in each replica. */
export type StoreOf = () => StoreClient | Promise<StoreClient>;
