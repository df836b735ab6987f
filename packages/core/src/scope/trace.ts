import type { Clockwork } from "../clock/clockwork.ts";

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})/;

const SPAN_DIGITS = 16;

/**
 * The trace context of work done for a call that came with `parent`: the same trace, a span of its own. A call without
 * one is not traced: who starts traces decides what they cost. W3C Trace Context, https://www.w3.org/TR/trace-context/.
 */
export function childTrace(parent: string, clock: Clockwork): string | undefined {
  const match = TRACEPARENT.exec(parent);
  if (match === null) return undefined;
  return `00-${match[1]}-${clock.hex(SPAN_DIGITS)}-${match[2]}`;
}
