/** Resources: what an app keeps, declared in the file that uses it. */
export type { StoreDriver } from "./store/contract/driver.ts";
