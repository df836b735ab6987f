const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})/;

const SPAN_DIGITS = 16;
const SPANS_DRAWN = 128;

// Random bytes are drawn in bulk: a draw for each call would cost more than its dispatch.
let pool = "";
let used = 0;

/**
 * The trace context of work done for a call that came with `parent`: the same trace, a span of its own. A call without
 * one is not traced: who starts traces decides what they cost. W3C Trace Context, https://www.w3.org/TR/trace-context/.
 */
export function childTrace(parent: string): string | undefined {
  const match = TRACEPARENT.exec(parent);
  if (match === null) return undefined;
  if (used === pool.length) {
    // Loaded when a call is traced: 1.6 MB, and a tenth of the CPU time of a small replica's start.
    pool = process
      .getBuiltinModule("node:crypto")
      .randomBytes((SPANS_DRAWN * SPAN_DIGITS) / 2)
      .toString("hex");
    used = 0;
  }
  const span = pool.slice(used, used + SPAN_DIGITS);
  used += SPAN_DIGITS;
  return `00-${match[1]}-${span}-${match[2]}`;
}
