import type * as Late from "./reach-url.ts";

/** Loaded by who connects to a URL. A bundle has `reach-url.ts` in place of this, or nothing where nobody connects. */
export const reachUrl: typeof Late.reachUrl = async (url, options) =>
  (await import("./reach-url.ts")).reachUrl(url, options);
