import { HadronError, type ResourceCommand } from "@hadron/core/spi";
import type { StoreClient } from "../client/store-client.ts";
import { toStored } from "../client/values.ts";
import type { OutboxBacklog } from "../database/contract/outbox.ts";
import { MOST_MESSAGE_BYTES } from "../queue/queue.ts";
import type { Contents, DeadLetter, QueuedMessage } from "../store/contract/operations.ts";
import { checkWords, notThere, openStore, readAction, toJson, toShown } from "./store-verb.ts";

const PAGE = 100;
const ACTIONS = ["list", "dead", "send"];

/** Runs `queue`. */
export async function queue(command: ResourceCommand): Promise<number> {
  const store = await openStore(command);
  const { queues } = await store.read({ kind: "contents" });
  if (command.words.length === 0) return listQueues(command, queues, await store.link.backlog());
  const { name, action, rest } = readAction("queue", command.words, ACTIONS);
  const declared = command.resources.flatMap(({ kind, name }) => (kind === "queue" ? [name] : []));
  const names = [...new Set([...declared, ...queues.map((found) => found.name)])];
  if (!names.includes(name)) throw notThere("queue", name, names);
  if (action === "dead") return dead(command, store, name, rest);
  if (action === "send") {
    checkWords("queue NAME send MESSAGE", rest, 1);
    return send(command, store, name, await command.input(rest[0] ?? ""));
  }
  checkWords("queue NAME list", rest, 0);
  return list(command, store, name);
}

function listQueues(
  { json, out, table, resources }: ResourceCommand,
  queues: Contents["queues"],
  backlog: readonly OutboxBacklog[],
): number {
  const declared = resources.flatMap(({ kind, name }) => (kind === "queue" ? [name] : []));
  const topics = resources.flatMap(({ kind, name }) => (kind === "topic" ? [`topic/${name}/`] : []));
  const names = [...new Set([...declared, ...queues.map(({ name }) => name), ...backlog.map(({ queue }) => queue)])];
  const inOutboxes = (name: string) =>
    backlog.reduce((sum, { queue, waiting }) => (queue === name ? sum + waiting : sum), 0);
  const rows = names.map((name) => ({
    ...(queues.find((found) => found.name === name) ?? { name, waiting: 0, working: 0, dead: 0, bytes: 0 }),
    outbox: inOutboxes(name),
    declared: declared.includes(name) || [...topics, "external/"].some((prefix) => name.startsWith(prefix)),
  }));
  if (json) out(JSON.stringify({ queues: rows }));
  else {
    table([
      ["NAME", "WAITING", "WORKING", "DEAD", "BYTES", ""],
      ...rows.map(({ name, waiting, working, dead, bytes, declared, outbox }) => [
        name,
        String(waiting),
        String(working),
        String(dead),
        String(bytes),
        [
          ...(outbox === 0 ? [] : [`${outbox} more in the outbox of a database`]),
          ...(declared ? [] : ["no longer declared"]),
        ].join(", "),
      ]),
    ]);
  }
  return 0;
}

async function list({ json, out, signal }: ResourceCommand, store: StoreClient, name: string): Promise<number> {
  let after = 0;
  for (;;) {
    signal.throwIfAborted();
    const page: readonly QueuedMessage[] = await store.read({ kind: "messages", queue: name, after, most: PAGE });
    for (const { message, body, sentAt, ...rest } of page) {
      const value = toShown(body, `message ${message} of ${name}`);
      const { state, forMs, attempt } = rest;
      if (json) out(toJson({ message, ...rest, sentAt: new Date(sentAt).toISOString(), value }));
      else out(`${message} ${state}${forMs > 0 ? ` ${forMs} ms` : ""}, attempt ${attempt}: ${toJson(value)}`);
    }
    if (page.length < PAGE) return 0;
    after = page.at(-1)?.message ?? after;
  }
}

async function send(
  { json, out, err, resources }: ResourceCommand,
  store: StoreClient,
  name: string,
  value: unknown,
): Promise<number> {
  const { ordered } = resources.find((resource) => resource.kind === "queue" && resource.name === name)?.options ?? {};
  if (ordered === true) {
    throw new HadronError(
      "WRONG_USE",
      `Queue ${name} has a key, which only the app's code knows: send with a call to a service.`,
    );
  }
  const body = toStored(value, `a message of ${name}`, MOST_MESSAGE_BYTES);
  const sent = {
    kind: "send",
    queues: [name],
    body,
    id: undefined,
    key: undefined,
    delayMs: 0,
    maxLength: undefined,
  } as const;
  await store.do(sent);
  if (json) out(JSON.stringify({ queue: name, sent: 1 }));
  else err(`Sent a message to ${name}.`);
  return 0;
}

async function dead(
  command: ResourceCommand,
  store: StoreClient,
  name: string,
  words: readonly string[],
): Promise<number> {
  const [action = "list", id, ...more] = words;
  const usage = "queue NAME dead [list], or queue NAME dead retry|drop [MESSAGE]";
  if (more.length > 0 || !["list", "retry", "drop"].includes(action) || (action === "list" && id !== undefined)) {
    throw new HadronError("WRONG_USE", `It is ${usage}.`);
  }
  if (action === "list") return listDead(command, store, name);
  const message = id === undefined ? undefined : Number(id);
  if (message !== undefined && !Number.isSafeInteger(message)) {
    throw new HadronError("WRONG_USE", `"${id}" is no number of a message: it is ${usage}.`);
  }
  if (action === "drop" && message === undefined) {
    await command.confirm(`This removes all dead letters of ${name}, which cannot be had back.`);
  }
  const { count } = await store.do({
    kind: "dead-letters",
    queue: name,
    action: action === "drop" ? "drop" : "retry",
    message,
  });
  if (command.json) command.out(JSON.stringify({ queue: name, [action === "drop" ? "dropped" : "retried"]: count }));
  else
    command.err(
      `${count} ${count === 1 ? "dead letter" : "dead letters"} of ${name} ${action === "drop" ? "dropped" : "to be tried again"}.`,
    );
  return 0;
}

async function listDead({ json, out, signal }: ResourceCommand, store: StoreClient, name: string): Promise<number> {
  let after = 0;
  for (;;) {
    signal.throwIfAborted();
    const page: readonly DeadLetter[] = await store.read({ kind: "dead", queue: name, after, most: PAGE });
    for (const { message, body, sentAt, diedAt, reason, ...rest } of page) {
      const value = toShown(body, `message ${message} of ${name}`);
      const died = new Date(diedAt).toISOString();
      if (json) out(toJson({ message, ...rest, sentAt: new Date(sentAt).toISOString(), diedAt: died, reason, value }));
      else out(`${message} died ${died} in attempt ${rest.attempt} (${reason}): ${toJson(value)}`);
    }
    if (page.length < PAGE) return 0;
    after = page.at(-1)?.message ?? after;
  }
}
