import { basename, dirname, extname } from "node:path";
import { checkAppName, toLabel } from "../../declare/names.ts";
import { HadronError, inWords } from "../../errors.ts";

/** Names that say nothing of what is in the file. */
const GENERIC = new Set(["index", "main", "app"]);

/**
 * The app's name: what the user says, or what the file says, or that of the file, or of its folder where the file is called
 * index, main or app. WRONG_USE where the user's word is none, or nothing gives a name; INVALID_DECLARATION where the file's is none.
 *
 * @param given By `--app`.
 * @param declared By `run(…, { app })`.
 */
export function appName(entry: string, given: string | undefined, declared?: string): string {
  if (given !== undefined) {
    try {
      return checkAppName(given);
    } catch (cause) {
      throw new HadronError("WRONG_USE", `--app: ${inWords(cause)}`);
    }
  }
  if (declared !== undefined) return checkAppName(declared);
  const file = basename(entry, extname(entry));
  const name = toLabel(GENERIC.has(file) ? basename(dirname(entry)) : file);
  if (name !== "") return name;
  throw new HadronError("WRONG_USE", `No name for the app can be made of "${entry}": give it one with --app=NAME.`);
}
