import { HadronError, isHadronError } from "@hadron/core";
import { toErrorData, toProblem, type WebAnswer } from "@hadron/core/spi";
import type { Backup } from "../backup/backup.ts";
import type { Around } from "../guests/guests.ts";
import type { Registry } from "../kept/registry.ts";
import type { Tokens } from "../kept/tokens.ts";
import type { CameIn } from "../web/request.ts";
import type { Admin } from "./admin.ts";
import { Fields } from "./fields.ts";

export interface AdminDoor {
  readonly admin: Admin;
  readonly tokens: Tokens;
  readonly backup: Backup;
  readonly registry: Registry;
  readonly around: Around;
  readonly now: () => number;
  readonly status: () => unknown;
}

type Act = (door: AdminDoor, request: CameIn) => Promise<unknown>;

const fieldsOf = ({ body }: CameIn) => new Fields(body);

/** What is answered below `/my-own-cluster/`, by method and path. */
const ACTS: Readonly<Record<string, Act>> = {
  "POST api/blob/register": ({ admin }, request) => admin.register(fieldsOf(request)),
  "POST api/function/register": ({ admin }, request) => admin.registerFunction(fieldsOf(request)),
  "POST api/file/register": ({ admin }, request) => admin.registerFile(fieldsOf(request)),
  "POST api/function/plug": ({ admin }, request) => admin.plug("function", fieldsOf(request)),
  "POST api/file/plug": ({ admin }, request) => admin.plug("file", fieldsOf(request)),
  "POST api/function/unplug": ({ admin }, request) => admin.unplug(fieldsOf(request)),
  "POST api/file/unplug": ({ admin }, request) => admin.unplug(fieldsOf(request)),
  "POST api/function/call": ({ admin, around }, request) => admin.call(fieldsOf(request), around),
  "POST api/function/rollback": ({ admin }, request) => admin.rollback(fieldsOf(request)),
  "POST api/filter/plug": ({ admin }, request) => admin.plugFilter(fieldsOf(request)),
  "DELETE api/filter/plug/!": ({ admin }, { segments }) => admin.drop("filter/", segments[4] ?? ""),
  "POST api/schedule/plug": ({ admin }, request) => admin.plugSchedule(fieldsOf(request)),
  "DELETE api/schedule/plug/!": ({ admin }, { segments }) => admin.drop("schedule/", segments[4] ?? ""),
  "POST api/admin/token": createToken,
  "GET api/admin/export-database": async ({ backup }) => backup.export(),
  "POST api/admin/import-database": async ({ backup }, { body, headers }) => ({
    status: true,
    ...(await backup.import(body, headers["x-hadron-key"])),
  }),
  "GET api/admin/status": async ({ registry, status, backup }) => {
    await registry.load();
    return { status: true, ...(status() as object), key: await backup.publicKey() };
  },
  "GET api/admin/list": async ({ registry }) => {
    await registry.load();
    return {
      modules: registry.all("name/").map(([name, record]) => ({ name, ...record })),
      routes: registry.all("route/").map(([, route]) => route),
      filters: registry.all("filter/").map(([id, filter]) => ({ id, ...filter })),
      schedules: registry.all("schedule/").map(([id, schedule]) => ({ id, ...schedule })),
    };
  },
};

/** Answers whoever has the token. UNAUTHENTICATED else, whatever is asked. */
export async function answerAdmin(request: CameIn, door: AdminDoor): Promise<WebAnswer> {
  await door.tokens.check(request.headers.authorization);
  const path = request.segments.slice(1).join("/");
  const act = ACTS[`${request.method} ${path}`] ?? ACTS[`${request.method} ${path.replace(/\/[^/]+$/, "/!")}`];
  if (act === undefined) throw new HadronError("NOT_FOUND", `There is no ${request.method} ${request.path}.`);
  let answer: unknown;
  try {
    answer = await act(door, request);
  } catch (error) {
    if (!isHadronError(error)) throw error;
    // Whoever may administer may know why, of what is no fault of theirs, too.
    const { status, headers } = toProblem(toErrorData(error));
    const { code, message } = error;
    return { status, headers, body: JSON.stringify({ type: "about:blank", status, code, detail: message }) };
  }
  if (answer instanceof Uint8Array) {
    return { status: 200, headers: ["content-type", "application/gzip", "cache-control", "no-store"], body: answer };
  }
  return {
    status: 200,
    headers: ["content-type", "application/json", "cache-control", "no-store"],
    body: JSON.stringify(answer),
  };
}

/** `{ expires_in?: seconds, revoke?: true }`; with the latter the new token is the only one. */
async function createToken({ tokens, now }: AdminDoor, request: CameIn): Promise<unknown> {
  const fields = fieldsOf(request);
  const seconds = fields.number("expires_in");
  const token = await tokens.create({ expiresAt: seconds === undefined ? undefined : now() + seconds * 1000 });
  if (fields.isTrue("revoke")) await tokens.endOthers(token);
  return { status: true, token };
}
