import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Where one app keeps its data. */
export interface AppDataPlace {
  /** The app's own folder: a folder for each replica that stores, and the file of its secrets. */
  readonly folder: string;
  /** What has to be ignored by version control: the folder beside the app file. undefined where the user named the place. */
  readonly ignored: string | undefined;
  /** Where earlier versions kept it. What lies there is moved to the new place when it is needed. */
  readonly former: string;
}

/** The folder beside the app file. */
const BESIDE = ".hadron";
export const IGNORE_FILE = ".gitignore";

/** Where an app's data is. `dataDir`: what the user said, `--data-dir` or HADRON_DATA_DIR. `folder`: the app file's. */
export function placeOfData(
  app: string,
  {
    dataDir,
    folder,
    former,
  }: { readonly dataDir: string | undefined; readonly folder: string; readonly former: string },
): AppDataPlace {
  const beside = join(folder, BESIDE);
  return {
    folder: join(dataDir ?? beside, app),
    ignored: dataDir === undefined ? beside : undefined,
    former: join(former, app),
  };
}

/** Makes the app's folder, and has version control leave it alone. */
export function makeAppFolder({ folder, ignored }: AppDataPlace): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (ignored === undefined) return;
  const file = join(ignored, IGNORE_FILE);
  if (!existsSync(file)) writeFileSync(file, "*\n");
}
