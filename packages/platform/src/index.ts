/** A computing platform of your own: modules, files, routes and schedules that come at run time. */
export type { GuestOptions, PlatformOptions } from "./options.ts";
export { type PlatformApi, platform } from "./platform.ts";
