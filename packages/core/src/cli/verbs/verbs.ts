import type { Flag } from "../command/arguments.ts";
import type { RunVerb } from "../command/command.ts";

/** One verb of an app file's command line. */
export interface Verb {
  readonly name: string;
  /** Its words, as `--help` shows them. */
  readonly words: string;
  /** The same, short enough for a list of all verbs. */
  readonly brief: string;
  /** How many words it takes at most. */
  readonly mostWords: number;
  /** One line. */
  readonly summary: string;
  /** More, for its own `--help`. */
  readonly details: readonly string[];
  /** Its own flags, beside those of all. */
  readonly flags: readonly Flag[];
  /** Shows no progress: it is quick, or its result is all that matters. */
  readonly quiet: boolean;
  /** Loaded when it is needed: `call` should not wait for what `up` needs. */
  load(): Promise<RunVerb>;
}

/** The flags that every verb takes. */
export const COMMON_FLAGS: readonly Flag[] = [
  { name: "runner", value: "NAME", help: "where it runs; --help lists the runners that are installed" },
  {
    name: "app",
    value: "NAME",
    help: "its name (default: that of the file or its folder)",
  },
  { name: "json", help: "print results and errors as JSON, and nothing else" },
  { name: "help", short: "h", help: "show this" },
];

export const TIMEOUT_FLAG: Flag = {
  name: "timeout",
  value: "TIME",
  help: "how long to wait for the answer: 500ms, 5s, 2m; a bare number is milliseconds (default: 30s)",
};

export const TOKEN_FLAG: Flag = {
  name: "token",
  value: "TOKEN",
  help: "what shows a guarded service who calls (default: HADRON_TOKEN)",
};

/** For verbs that change an app. */
const WAIT_FLAG: Flag = {
  name: "wait",
  value: "TIME",
  help: "how long to wait while somebody else changes the same app (default: 1m)",
};

const RECAPTURE_FLAG: Flag = {
  name: "recapture",
  value: "NAME",
  help: "compute a captured value anew, also one that is kept; several are joined by commas",
};

/** What whoever deploys chooses of what the file leaves open: see `toChoices`. */
const CHOICE_FLAGS: readonly Flag[] = [
  {
    name: "postgres",
    value: "VARIABLE",
    help: "the environment variable with the URL of a PostgreSQL server for its databases, and for --store=postgres",
  },
  {
    name: "postgres-image",
    value: "IMAGE",
    help: "what runs as its PostgreSQL server (HADRON_POSTGRES_IMAGE; else postgres:18)",
  },
  {
    name: "store",
    value: "KIND",
    help: "where its values, queues and locks are kept: sqlite, a file on one replica's storage, or postgres",
  },
  {
    name: "adopt",
    help: "take over what a deployment that is gone kept on these servers under this app's name",
  },
  {
    name: "s3",
    value: "VARIABLE",
    help: "the environment variable with the URL of an S3 bucket for its buckets: https://KEY:SECRET@HOST/BUCKET?region=REGION",
  },
];

/** What a command does that names no verb. */
export const DEFAULT_VERB: Verb = {
  name: "up",
  words: "",
  brief: "",
  mostWords: 0,
  summary: "make it run, and print where (also without a verb)",
  details: [
    "Applies the app: starts, changes and removes what differs from the file, and waits until every replica is ready.",
    "Under the local runner it stays, shows the logs, and ends all with Ctrl-C. Under the others it returns.",
  ],
  flags: [WAIT_FLAG, RECAPTURE_FLAG, ...CHOICE_FLAGS],
  quiet: false,
  load: async () => (await import("./up.ts")).up,
};

export const VERBS: readonly Verb[] = [
  DEFAULT_VERB,
  {
    name: "call",
    words: "[SERVICE] [PROCEDURE] [INPUT]",
    brief: "…",
    mostWords: 3,
    summary: "call a service, and print the result as a line of JSON",
    details: [
      "Of a stream it prints a line an item.",
      "The second word is a procedure if the service has one of that name, INPUT otherwise. INPUT is JSON, or - for stdin.",
      "SERVICE may be left out where one service is exposed, or there is only one.",
      "Under the local runner, where nothing runs, it starts the app for this one call.",
    ],
    flags: [TIMEOUT_FLAG, TOKEN_FLAG, ...CHOICE_FLAGS],
    quiet: true,
    load: async () => (await import("./call.ts")).call,
  },
  {
    name: "plan",
    words: "",
    brief: "",
    mostWords: 0,
    summary: "show what up would change, and change nothing",
    details: [],
    flags: [RECAPTURE_FLAG, ...CHOICE_FLAGS],
    quiet: false,
    load: async () => (await import("./plan.ts")).plan,
  },
  {
    name: "status",
    words: "",
    brief: "",
    mostWords: 0,
    summary: "show what runs; replicas that are alike in one row",
    details: ["Nothing deployed is an empty list, and no failure."],
    flags: [{ name: "replicas", help: "a row for each replica, also for those that are alike" }],
    quiet: true,
    load: async () => (await import("./status.ts")).status,
  },
  {
    name: "logs",
    words: "[SERVICE]",
    brief: "[SERVICE]",
    mostWords: 1,
    summary: "show what the replicas print",
    details: [],
    flags: [
      { name: "follow", short: "f", help: "go on with what is still to come" },
      { name: "since", value: "TIME", help: "leave out what is older: how long ago (10m), or a time (ISO 8601)" },
      { name: "grep", value: "PATTERN", help: "only lines that match this regular expression" },
      { name: "tail", value: "N", help: "only the last N lines of what is there, of all replicas together" },
    ],
    quiet: true,
    load: async () => (await import("./logs.ts")).logs,
  },
  {
    name: "scale",
    words: "SERVICE N",
    brief: "SERVICE N",
    mostWords: 2,
    summary: "run N replicas of a service",
    details: ["The next up puts back what the file says."],
    flags: [WAIT_FLAG],
    quiet: false,
    load: async () => (await import("./scale.ts")).scale,
  },
  {
    name: "describe",
    words: "",
    brief: "",
    mostWords: 0,
    summary: "print the topology as JSON",
    details: [
      "The same file gives the same text, byte for byte; with --json on one line. It asks no runner.",
      "Its JSON schema is @hadron/core/topology.schema.json.",
      "With --files it says what replicas would find of the app, how large it is, and why it goes along.",
    ],
    flags: [
      { name: "files", help: "what goes along in place of the topology: a row a file, the largest first" },
      {
        name: "openapi",
        help: "the routes of its services, as an OpenAPI document; of several services, by their names",
      },
      ...CHOICE_FLAGS,
    ],
    quiet: true,
    load: async () => (await import("./describe.ts")).describe,
  },
  {
    name: "export",
    words: "",
    brief: "",
    mostWords: 0,
    summary: "print what up would make, as a file that other tools take",
    details: [
      "Compose for docker, manifests for kubernetes. It names an image that it has built; secrets are there by name only.",
    ],
    flags: CHOICE_FLAGS,
    quiet: false,
    load: async () => (await import("./export.ts")).exportApp,
  },
  {
    name: "delete",
    words: "",
    brief: "",
    mostWords: 0,
    summary: "remove what runs of this app, and say what stays",
    details: [
      "What replicas stored stays, and is listed with its size; the next up finds it again.",
      "With --data it goes, too, after a question, and cannot be had back.",
    ],
    flags: [
      {
        name: "data",
        value: "KIND:NAME",
        isOptional: true,
        help: "remove what replicas stored, and secrets that were made for the app, as well; or only the data of one resource",
      },
      { name: "yes", short: "y", help: "do not ask" },
      WAIT_FLAG,
    ],
    quiet: false,
    load: async () => (await import("./delete.ts")).deleteApp,
  },
];
