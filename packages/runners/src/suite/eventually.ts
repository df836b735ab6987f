/** Tries again until `look` returns something else than undefined. The test's own timeout bounds it. */
export async function eventually<T>(look: () => Promise<T | undefined> | T | undefined, pauseMs = 25): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
