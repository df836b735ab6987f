/** Resources: what an app keeps, declared in the file that uses it. */
export type { StoreDriver } from "./store/driver.ts";
