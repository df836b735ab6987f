import type { Choices } from "../../describe/topology.ts";
import { HadronError } from "../../errors.ts";

type Texts = Readonly<Record<string, string | undefined>>;

const POSTGRES = "hadron.postgres";
const STORE = "hadron.store";
const FILES = "hadron.files";
const S3 = "hadron.s3";

/**
 * What the flags choose; undefined where they choose nothing. WRONG_USE where `--postgres` or `--s3` is a URL: whoever lists processes,
 * or reads a shell's history, would know its password; or `--store` is no store.
 */
export function toChoices(
  { postgres, "postgres-image": flag, store, s3, adopt }: Texts,
  { HADRON_POSTGRES_IMAGE }: Texts,
): Choices | undefined {
  const image = flag ?? (postgres === undefined ? HADRON_POSTGRES_IMAGE : undefined);
  if (store !== undefined && store !== "sqlite" && store !== "postgres") {
    throw new HadronError("WRONG_USE", `--store is "${store}", and should be sqlite or postgres.`);
  }
  const inPostgres = store === "postgres";
  if (adopt !== undefined && postgres === undefined && s3 === undefined) {
    throw new HadronError(
      "WRONG_USE",
      "--adopt takes over what was kept on a server that runs elsewhere: say --postgres or --s3 as well.",
    );
  }
  if (postgres === undefined && image === undefined && !inPostgres && s3 === undefined) return undefined;
  if (postgres !== undefined && image !== undefined) {
    throw new HadronError(
      "WRONG_USE",
      "--postgres says that a server runs elsewhere, --postgres-image what to run here: say one.",
    );
  }
  checkVariable("postgres", postgres, "DATABASE_URL=postgres://…");
  checkVariable("s3", s3, "S3_URL=https://…");
  const elsewhere = {
    ...(postgres === undefined ? {} : { [POSTGRES]: postgres }),
    ...(s3 === undefined ? {} : { [S3]: s3 }),
  };
  const variants = { ...(inPostgres ? { [STORE]: "postgres" } : {}), ...(s3 === undefined ? {} : { [FILES]: "s3" }) };
  return {
    ...(image === undefined ? {} : { images: { [POSTGRES]: image } }),
    ...(Object.keys(elsewhere).length === 0 ? {} : { elsewhere }),
    ...(adopt === undefined ? {} : { adopt: true }),
    ...(Object.keys(variants).length === 0 ? {} : { variants }),
  };
}

/** With which flag another way of a hidden service to do its work is chosen. */
export function flagOf(service: string): string {
  return service === FILES ? "--s3" : "--store";
}

/** WRONG_USE where a flag has a URL in the place of the variable that holds it. */
function checkVariable(flag: string, value: string | undefined, example: string): void {
  if (value === undefined || /^[A-Za-z_]\w*$/.test(value)) return;
  throw new HadronError(
    "WRONG_USE",
    `--${flag} takes the name of an environment variable that holds the URL, not the URL, which others on this machine could read: ` +
      `${example} npx tsx app.ts up --${flag}=${example.split("=")[0]}.`,
  );
}
