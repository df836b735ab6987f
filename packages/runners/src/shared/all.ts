/**
 * Waits for all, also where one fails, and fails then: nothing of ours should go on behind the back of whoever hears of
 * the failure.
 */
export async function all<T>(work: readonly Promise<T>[]): Promise<readonly T[]> {
  const results = await Promise.allSettled(work);
  return results.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}
