import type { ResourceCommand } from "@hadron/core/spi";
import type { ConnectionFacts, FactsRequest } from "../database/contract/facts.ts";
import { POSTGRES_PORT } from "../database/embedded/stand-in.ts";
import type { Rotated } from "../database/keeper/keeper.ts";
import { checkWords, notThere } from "./store-verb.ts";

/** How long a command waits for a database's keeper. */
const TIMEOUT_MS = 30_000;

/** How a database is entered from this machine. */
interface Entrance {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly sslmode: "disable" | "require" | "verify-full";
  /** Whether the way ends with the command. */
  readonly isTunnel: boolean;
}

const SSL_MODES = { off: "disable", encrypted: "require", verified: "verify-full" } as const;

/** Runs `url`. */
export async function url(command: ResourceCommand): Promise<number> {
  checkWords("url NAME", command.words, 1);
  const name = command.words[0] ?? "";
  const entrance = await enter(command, name);
  if (entrance.password !== "" && process.stdout.isTTY)
    await command.confirm(`The URL of ${name} has its password in it.`);
  const text = toUrl(entrance);
  command.out(command.json ? JSON.stringify({ name, url: text }) : text);
  if (!entrance.isTunnel) return 0;
  command.err(`The way there is open until Ctrl-C.`);
  await new Promise((resolve) => command.signal.addEventListener("abort", resolve, { once: true }));
  return 0;
}

/** Runs `rotate`. */
export async function rotate(command: ResourceCommand): Promise<number> {
  checkWords("rotate NAME", command.words, 1);
  const name = declaredName(command, command.words[0] ?? "");
  const keeper = await command.keeper("hadron.database");
  const options = { timeoutMs: TIMEOUT_MS, signal: command.signal };
  const { version, left } = (await keeper.call("rotate", { name }, options)) as Rotated;
  if (command.json) command.out(JSON.stringify({ name, version, left }));
  else {
    command.out(`${name} has a new password, its number ${version}; nobody gets in with an earlier one.`);
    const connections = left === 1 ? "1 connection that was" : `${left} connections that were`;
    if (left > 0) command.err(`${connections} open goes on, for 5 minutes at most where it is a replica's.`);
  }
  return 0;
}

/** Runs `psql`. Its exit status is that of psql. */
export async function psql(command: ResourceCommand): Promise<number> {
  checkWords("psql NAME [SQL]", command.words, 1, 2);
  const [name = "", sql] = command.words;
  const { host, port, user, password, database, sslmode } = await enter(command, name);
  // In the environment: other users of this machine can read a command line.
  const env = {
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGPASSWORD: password,
    PGDATABASE: database,
    PGSSLMODE: sslmode,
  };
  return command.exec("psql", sql === undefined ? [] : ["--command", sql], env);
}

/** WRONG_USE where the app has no such database. */
function declaredName(command: ResourceCommand, name: string): string {
  const declared = command.resources.filter(({ kind }) => kind === "database").map((resource) => resource.name);
  if (!declared.includes(name)) throw notThere("database", name, declared);
  return name;
}

async function enter(command: ResourceCommand, name: string): Promise<Entrance> {
  declaredName(command, name);
  const keeper = await command.keeper("hadron.database");
  const request: FactsRequest = { name, migrations: [] };
  const options = { timeoutMs: TIMEOUT_MS, signal: command.signal };
  // What the keeper answers is what its own types say: both are of one version.
  const { user, password, database, server } = (await keeper.call("facts", request, options)) as ConnectionFacts;
  const credential = { user, password, database };
  if (server !== null) {
    const { host, port, tls } = server;
    return { ...credential, host, port, sslmode: SSL_MODES[tls], isTunnel: false };
  }
  const { host, port } = await keeper.address("hadron.postgres", { name: POSTGRES_PORT, number: 5432 });
  return { ...credential, host, port, sslmode: "disable", isTunnel: host === "127.0.0.1" };
}

function toUrl({ host, port, user, password, database, sslmode }: Entrance): string {
  const credential = [user, password].map(encodeURIComponent).join(":");
  const isSocket = host.startsWith("/");
  const at = isSocket ? "" : `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const query = new URLSearchParams({ ...(isSocket ? { host, port: String(port) } : {}), sslmode });
  return `postgres://${credential}@${at}/${encodeURIComponent(database)}?${query}`;
}
