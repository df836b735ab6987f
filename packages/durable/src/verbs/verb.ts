import type { ResourceVerb } from "@hadron/core/spi";

/** What the command line of an app with durable programs can do. */
export const RUNS: ResourceVerb = {
  name: "runs",
  words: "[ID [events | cancel [REASON] | kill | pause | resume | fork | send HOOK [JSON]]]",
  mostWords: 4,
  summary: "look at runs of durable programs, and steer them",
  details: [
    "Alone it lists them, the latest first; with ID it shows one as a timeline: what it did, when, for how long, and what it waits for.",
    "events prints the log a line each, fork starts another run with the first N events. JSON may be - for stdin.",
    "Under the local runner, where nothing runs, it opens the data of the app's last run: what is told a run then waits for the next up.",
  ],
  flags: [
    { name: "program", value: "NAME", help: "of this program alone" },
    { name: "state", value: "STATE", help: "list those that are open, paused or ended" },
    { name: "limit", value: "N", help: "list so many of each program (100)" },
    { name: "follow", help: "events: go on until the run is over" },
    { name: "at", value: "N", help: "fork: how many events the new run begins with; alone: the run as of event N" },
    { name: "as", value: "ID", help: "fork: the id of the new run (ID/fork-N)" },
    { name: "key", value: "KEY", help: "send: a second message of this key is none" },
  ],
  load: async () => (await import("./runs.ts")).runs,
};
