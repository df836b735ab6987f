/** How long what stands behind run() in the file has. */
const BEHIND_RUN_MS = 1000;

/**
 * Ends this process once its command is done: a timer or a pool at the top of the file would hold it for ever. Where nothing
 * does, this holds nothing either.
 */
export function endSoon(): void {
  setTimeout(() => process.exit(), BEHIND_RUN_MS).unref();
}
