import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { HadronError } from "@hadron/core/spi";

/**
 * Makes this process the only one that works on a folder, for as long as it lives: the operating system takes the lock back
 * from a process that dies, however it does. FAILED_PRECONDITION where another has it.
 */
export function claimFolder(folder: string): Disposable {
  const database = new DatabaseSync(join(folder, "owner.db"));
  try {
    database.exec("pragma locking_mode = exclusive; begin exclusive");
  } catch (error) {
    database.close();
    throw new HadronError(
      "FAILED_PRECONDITION",
      `Another process works on the store in ${folder}. One store has one owner: end the other, or give this one a folder of its own.`,
      { cause: error },
    );
  }
  return { [Symbol.dispose]: () => database.close() };
}
