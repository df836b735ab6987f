import { Continuing } from "../engine/continuing.ts";
import { frameFor } from "../engine/frame.ts";
import { toLogged } from "../log/values.ts";

/**
 * Ends the program here, and begins it anew with another input, as the same run: its log, which grows with all that a program does, is
 * then that of the new beginning, and what it had is gone. For programs that never end, or go through very many things.
 *
 * Id, handles, tokens of hooks and whoever waits for its result stay. Messages that no `next()` has taken come first in the new beginning.
 * Runs that it began go on, and are cancelled with it still; what it did not wait for is nobody's. Keys of its steps are new ones.
 *
 * It throws: `finally` blocks run before, and a `catch` has to let it pass. INVALID_OUTPUT where the input cannot be kept, TOO_LARGE above
 * 1 MiB.
 *
 * @example
 * durable(async ({ seen }: { seen: number }) => {
 *   for (let n = 0; n < 1000; n++) await handle(await hook<Job>("jobs").next());
 *   continueAs({ seen: seen + 1000 });
 * });
 */
export function continueAs(input?: unknown): never {
  const { execution } = frameFor("continueAs");
  throw new Continuing(toLogged(input, `the input that ${execution.run} goes on with`));
}
