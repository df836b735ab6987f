/** What V8 says before it gives up. */
const HEAP_MESSAGE =
  /JavaScript heap out of memory|Allocation failed - process out of memory|Fatal process out of memory/;
/** What Node prints of an error that nobody caught, e.g. `TypeError: x is not a function`. */
const UNCAUGHT = /^(?:Uncaught )?((?:[A-Z]\w*)?(?:Error|Exception)\b.*)$/;
const LONGEST = 200;

/** The error that ended a process, by its last lines and shortened; undefined where they tell of none. */
export function lastError(lines: readonly string[]): string | undefined {
  const text = lines.map((line) => UNCAUGHT.exec(line)?.[1]).findLast((found) => found !== undefined);
  return text === undefined ? undefined : shorten(text);
}

/** An error's message as a part of a line. */
export function shorten(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

/** Whether a process gave up because its heap was full, by its last lines. */
export function ranOutOfHeap(lines: readonly string[]): boolean {
  return lines.some((line) => HEAP_MESSAGE.test(line));
}
