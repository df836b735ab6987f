import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { expect } from "vitest";
import { type Client, open } from "../../packages/http/test/sockets/client.ts";

const run = promisify(execFile);

/** Talks over an example that is up, from several clients at both of its replicas, and ends them. */
export async function tryChat(url: string): Promise<void> {
  expect(await (await fetch(url)).text()).toContain("<title>Chat</title>");
  const { host, origin } = new URL(url);
  await expect(open(`http://${host}/live`, { headers: { origin: "https://evil.example" } })).rejects.toThrow("403");
  const replicas = new Set<string>();
  const clients: Client[] = [];
  while (replicas.size < 2 || clients.length < 4) {
    if (clients.length >= 40) throw new Error(`40 sockets, all at ${[...replicas]}`);
    const client = await open(`http://${host}/live`, { headers: { origin } });
    clients.push(client);
    replicas.add((await client.next()).from);
  }
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
