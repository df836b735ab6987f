import { HadronError, type ResourceCommand } from "@hadron/core/spi";
import { checkKey } from "../client/keys.ts";
import type { StoreClient } from "../client/store-client.ts";
import { toStored } from "../client/values.ts";
import { MOST_VALUE_BYTES } from "../key-value/key-value.ts";
import type { Entry } from "../store/contract/operations.ts";
import { resourceOfStore, storeOf } from "../store/service/names.ts";
import { checkWords, notThere, openStore, readAction, toJson, toShown } from "./store-verb.ts";

const PAGE = 100;
const ACTIONS = ["list", "get", "set", "delete"];

/** Runs `kv`. */
export async function kv(command: ResourceCommand): Promise<number> {
  const store = await openStore(command);
  if (command.words.length === 0) return listStores(command, store);
  const { name, action, rest } = readAction("kv", command.words, ACTIONS);
  await checkName(command, store, name);
  switch (action) {
    case "get":
      checkWords("kv NAME get KEY", rest, 1);
      return get(command, store, name, checkKey(rest[0], name));
    case "set":
      checkWords("kv NAME set KEY VALUE", rest, 2);
      return set(command, store, name, checkKey(rest[0], name), await command.input(rest[1] ?? ""));
    case "delete":
      checkWords("kv NAME delete KEY", rest, 1);
      return remove(command, store, name, checkKey(rest[0], name));
    default:
      checkWords("kv NAME list [PREFIX]", rest, 0, 1);
      return list(command, store, name, rest[0] ?? "");
  }
}

async function listStores({ json, out, table, resources }: ResourceCommand, store: StoreClient): Promise<number> {
  const { stores } = await store.read({ kind: "contents" });
  const declared = declaredNames(resources);
  const names = [...new Set([...declared, ...stores.map(({ name }) => name)])].filter((name) => resourceOfStore(name));
  const rows = names.map((name) => {
    const { entries = 0, bytes = 0 } = stores.find((found) => found.name === name) ?? {};
    return { name, entries, bytes, declared: declared.includes(name) };
  });
  if (json) out(JSON.stringify({ stores: rows }));
  else {
    table([
      ["NAME", "VALUES", "BYTES", ""],
      ...rows.map(({ name, entries, bytes, declared }) => [
        name,
        String(entries),
        String(bytes),
        declared ? "" : "no longer declared",
      ]),
    ]);
  }
  return 0;
}

async function list(
  { json, out, signal }: ResourceCommand,
  store: StoreClient,
  name: string,
  prefix: string,
): Promise<number> {
  let after: string | undefined;
  for (;;) {
    signal.throwIfAborted();
    const page: readonly Entry[] = await store.read({ kind: "list", store: name, prefix, after, most: PAGE });
    for (const { key, value, version } of page) {
      const shown = toShown(value, `"${key}" of ${name}`);
      out(json ? toJson({ key, version, value: shown }) : `${JSON.stringify(key)} ${toJson(shown)}`);
    }
    if (page.length < PAGE) return 0;
    after = page.at(-1)?.key;
  }
}

async function get({ json, out }: ResourceCommand, store: StoreClient, name: string, key: string): Promise<number> {
  const [found] = await store.read({ kind: "get", store: name, keys: [key] });
  if (found === undefined) throw new HadronError("NOT_FOUND", `${name} has no ${JSON.stringify(key)}.`);
  const value = toShown(found.value, `"${key}" of ${name}`);
  out(json ? toJson({ key, version: found.version, value }) : toJson(value));
  return 0;
}

async function set(
  { json, out, err, flags, resources }: ResourceCommand,
  store: StoreClient,
  name: string,
  key: string,
  value: unknown,
): Promise<number> {
  const ifVersion = flags["if-version"] === undefined ? undefined : Number(flags["if-version"]);
  if (ifVersion !== undefined && !(Number.isSafeInteger(ifVersion) && ifVersion >= 0)) {
    throw new HadronError(
      "WRONG_USE",
      `--if-version is ${flags["if-version"]}, and should be a version, or 0 for a key that is absent.`,
    );
  }
  const { ttlMs } = resources.find((resource) => storeOf(resource) === name)?.options ?? {};
  const { versions } = await store.do({
    kind: "set",
    store: name,
    entries: [{ key, ifVersion, value: toStored(value, `"${key}" of ${name}`, MOST_VALUE_BYTES) }],
    ttlMs: typeof ttlMs === "number" ? ttlMs : undefined,
    fence: undefined,
  });
  if (json) out(JSON.stringify({ key, version: versions[0] }));
  else
    err(
      `${JSON.stringify(key)} of ${name} is of version ${versions[0]} now. Its schema is the app's, and was not asked.`,
    );
  return 0;
}

async function remove(
  { json, out, err }: ResourceCommand,
  store: StoreClient,
  name: string,
  key: string,
): Promise<number> {
  const { existed } = await store.do({ kind: "delete", store: name, key, ifVersion: undefined, fence: undefined });
  if (json) out(JSON.stringify({ key, existed }));
  else err(existed ? `Deleted ${JSON.stringify(key)} of ${name}.` : `${name} has no ${JSON.stringify(key)}.`);
  return 0;
}

function declaredNames(resources: ResourceCommand["resources"]): readonly string[] {
  return resources.flatMap((resource) => storeOf(resource) ?? []);
}

/** One that is declared, or that something is kept of. */
async function checkName({ resources }: ResourceCommand, store: StoreClient, name: string): Promise<void> {
  const declared = declaredNames(resources);
  if (declared.includes(name)) return;
  const { stores } = await store.read({ kind: "contents" });
  const kept = stores.map((found) => found.name).filter((found) => resourceOfStore(found));
  if (!kept.includes(name)) throw notThere("keyValue", name, [...new Set([...declared, ...kept])]);
}
