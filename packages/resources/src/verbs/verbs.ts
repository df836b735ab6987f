import type { ResourceVerb } from "@hadron/core/spi";

const YES = { name: "yes", help: "do not ask" };

/** What the command line of an app with values by key can do. */
export const KV: ResourceVerb = {
  name: "kv",
  words: "[NAME [list [PREFIX] | get KEY | set KEY VALUE | delete KEY]]",
  mostWords: 4,
  summary: "look at values by key, and change them",
  details: [
    "Alone it lists what there is, also what is no longer declared. State by scope is scoped/NAME.",
    "VALUE is JSON, or - for stdin; it is written as it is: the schema is the app's, and is asked when the app reads.",
    "Under the local runner, where nothing runs, it opens the data of the app's last run.",
  ],
  flags: [{ name: "if-version", value: "N", help: "set only over this version; 0: only where the key is absent" }],
  load: async () => (await import("./kv.ts")).kv,
};

/** What the command line of an app with queues or topics can do. */
export const QUEUE: ResourceVerb = {
  name: "queue",
  words: "[NAME [list | send MESSAGE | dead [list | retry [ID] | drop [ID]]]]",
  mostWords: 4,
  summary: "look at queues, their messages and dead letters",
  details: [
    "Alone it lists what there is, also what is no longer declared. What a service gets of a topic is topic/TOPIC/SERVICE.",
    "Without ID, retry and drop are about all dead letters; drop asks first.",
    "Under the local runner, where nothing runs, it opens the data of the app's last run.",
  ],
  flags: [YES],
  load: async () => (await import("./queue.ts")).queue,
};

/** What the command line of an app with databases can do: their addresses for other tools. */
export const URL_VERB: ResourceVerb = {
  name: "url",
  words: "NAME",
  mostWords: 1,
  summary: "print the URL of a database, for other tools",
  details: [
    "There is a password in it: it asks before it prints one on a terminal.",
    "Where the way to the server is open only as long as the command, it stays until Ctrl-C.",
  ],
  flags: [YES],
  load: async () => (await import("./database.ts")).url,
};

/** The same: a new password. */
export const ROTATE: ResourceVerb = {
  name: "rotate",
  words: "NAME",
  mostWords: 1,
  summary: "give a database a new password, while the app runs",
  details: [
    "Whoever connects from then on has the new one, and nobody gets in with the one before. Nothing that is under way ends for it:",
    "connections of replicas that are open go on, for 5 minutes at most.",
  ],
  flags: [],
  load: async () => (await import("./database.ts")).rotate,
};

/** The same: a session of the standard client. */
export const PSQL: ResourceVerb = {
  name: "psql",
  words: "NAME [SQL]",
  mostWords: 2,
  summary: "open psql in a database, connected through the runner",
  details: ["With SQL it runs that, and ends. psql itself must be installed on this machine."],
  flags: [],
  load: async () => (await import("./database.ts")).psql,
};
