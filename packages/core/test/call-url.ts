import type { CallOptions } from "@hadron/core";
import { openUrl } from "../src/call/client/url.ts";

/** Calls what is at a URL, once, as an outside caller does. */
export async function callUrl(
  url: string,
  procedure: string,
  input: unknown,
  options: CallOptions = {},
): Promise<unknown> {
  const caller = openUrl(url);
  try {
    return await caller.call(procedure, input, options);
  } finally {
    caller.close();
  }
}
