import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { expect } from "vitest";
import { type Client, open } from "../../packages/http/test/sockets/client.ts";

const run = promisify(execFile);

/** Talks over an example that is up, from several clients at both of its replicas, and ends them. */
export async function tryChat(url: string): Promise<void> {
  expect(await (await fetch(url)).text()).toContain("<title>Chat</title>");
  const evil = { headers: { origin: "https://evil.example" } };
  await expect(open(new URL("live", url).href, evil)).rejects.toThrow("403");
  const clients = await openAtBoth(url);
  const lines = clients.map((_, at) => ({ from: `client ${at}`, text: `line ${at}` }));
  for (const [at, client] of clients.entries()) client.say(lines[at]);
  const heard = await Promise.all(clients.map((client) => hear(client, lines.length)));
  expect(heard[0]?.toSorted((a, b) => a.from.localeCompare(b.from))).toEqual(
    lines.toSorted((a, b) => a.from.localeCompare(b.from)),
  );
  for (const other of heard) expect(other).toEqual(heard[0]);
  const [first] = clients;
  first?.say({ from: "", text: "nobody" });
  expect(await first?.closed).toMatchObject({ code: 1007 });
  for (const client of clients) client.socket.close(1000);
  expect((await clients[1]?.closed)?.code).toBe(1000);
}

/** One of the two replicas goes: its sockets are told to come back, the others stay. */
export async function tryScaling(url: string, type: (...words: readonly string[]) => Promise<string>): Promise<void> {
  const clients = await openAtBoth(url);
  const gone = new Map<Client, unknown>();
  for (const client of clients) void client.closed.then((closed) => gone.set(client, closed));
  await type("scale", "chat", "1");
  await expect.poll(() => gone.size, { timeout: 30_000 }).toBeGreaterThan(0);
  const stay = clients.filter((client) => !gone.has(client));
  expect(stay.length).toBeGreaterThan(0);
  for (const closed of gone.values()) expect(closed).toEqual({ code: 1001, reason: "reconnect" });
  stay[0]?.say({ from: "Ann", text: "still here" });
  for (const client of stay) expect(await client.next()).toEqual({ from: "Ann", text: "still here" });
  for (const client of stay) client.socket.close(1000);
}

/** Sockets at both replicas, each welcomed. */
async function openAtBoth(url: string): Promise<Client[]> {
  const replicas = new Set<string>();
  const clients: Client[] = [];
  while (replicas.size < 2 || clients.length < 4) {
    if (clients.length >= 40) throw new Error(`40 sockets, all at ${[...replicas]}`);
    const client = await open(new URL("live", url).href, { headers: { origin: new URL(url).origin } });
    clients.push(client);
    replicas.add((await client.next()).from);
  }
  return clients;
}

async function hear(client: Client, count: number): Promise<any[]> {
  const lines: unknown[] = [];
  while (lines.length < count) lines.push(await client.next());
  return lines;
}

/** Deploys the example where it stays up by itself, tries it, and deletes it. */
export async function deployChat(
  runner: string,
  attempt: (url: string, type: (...words: readonly string[]) => Promise<string>) => Promise<void>,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const flags = [`--runner=${runner}`, `--app=chat-${process.pid}`];
  const type = async (...words: readonly string[]) => {
    const cwd = resolve(import.meta.dirname, "../..");
    const given = ["examples/chat.ts", ...words, ...flags];
    return (await run("tsx", given, { cwd, env: { ...process.env, ...env } })).stdout;
  };
  try {
    const { services } = JSON.parse((await type("up", "--json")).trim().split("\n").at(-1) ?? "");
    const { endpoint } = services.find(({ name }: { name: string }) => name === "chat");
    await attempt(endpoint, type);
  } finally {
    await type("delete", "--data", "--yes");
  }
}
