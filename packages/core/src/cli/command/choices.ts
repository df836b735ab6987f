import type { Choices } from "../../describe/topology.ts";
import { HadronError } from "../../errors.ts";

type Texts = Readonly<Record<string, string | undefined>>;

const POSTGRES = "hadron.postgres";
const STORE = "hadron.store";

/**
 * What the flags choose; undefined where they choose nothing. WRONG_USE where `--postgres` is a URL: whoever lists processes, or
 * reads a shell's history, would know its password; or `--store` is no store.
 */
export function toChoices(
  { postgres, "postgres-image": flag, store }: Texts,
  { HADRON_POSTGRES_IMAGE }: Texts,
): Choices | undefined {
  const image = flag ?? (postgres === undefined ? HADRON_POSTGRES_IMAGE : undefined);
  if (store !== undefined && store !== "sqlite" && store !== "postgres") {
    throw new HadronError("WRONG_USE", `--store is "${store}", and should be sqlite or postgres.`);
  }
  const inPostgres = store === "postgres";
  if (postgres === undefined && image === undefined && !inPostgres) return undefined;
  if (postgres !== undefined && image !== undefined) {
    throw new HadronError(
      "WRONG_USE",
      "--postgres says that a server runs elsewhere, --postgres-image what to run here: say one.",
    );
  }
  if (postgres !== undefined && !/^[A-Za-z_]\w*$/.test(postgres)) {
    throw new HadronError(
      "WRONG_USE",
      "--postgres takes the name of an environment variable that holds the URL, not the URL, which others on this machine could read: " +
        "DATABASE_URL=postgres://… npx tsx app.ts up --postgres=DATABASE_URL.",
    );
  }
  return {
    ...(image === undefined ? {} : { images: { [POSTGRES]: image } }),
    ...(postgres === undefined ? {} : { elsewhere: { [POSTGRES]: postgres } }),
    ...(inPostgres ? { variants: { [STORE]: "postgres" } } : {}),
  };
}
