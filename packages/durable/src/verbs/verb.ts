import type { Preflight, ResourceVerb } from "@hadron/core/spi";

/** What the command line of an app with durable programs can do. */
export const RUNS: ResourceVerb = {
  name: "runs",
  words: "[export | ID [events | cancel [REASON] | kill | pause | resume | fork | send HOOK [JSON]]]",
  mostWords: 4,
  summary: "look at runs of durable programs, and steer them",
  details: [
    "Alone it lists them, the latest first; with ID it shows one as a timeline: what it did, when, for how long, and what it waits for.",
    "export --to=FOLDER writes the log of each, with its inputs and outcomes, to FOLDER/PROGRAM: check reads them.",
    "events prints the log a line each, fork starts another run with the first N events. JSON may be - for stdin.",
    "Under the local runner, where nothing runs, it opens the data of the app's last run: what is told a run then waits for the next up.",
  ],
  flags: [
    { name: "program", value: "NAME", help: "of this program alone" },
    { name: "state", value: "STATE", help: "list or export those that are open, paused or ended" },
    { name: "limit", value: "N", help: "list or export so many of each program (100)" },
    { name: "to", value: "FOLDER", help: "export: where histories go; one of the same run is replaced" },
    { name: "follow", help: "events: go on until the run is over" },
    { name: "at", value: "N", help: "fork: how many events the new run begins with; alone: the run as of event N" },
    { name: "as", value: "ID", help: "fork: the id of the new run (ID/fork-N)" },
    { name: "key", value: "KEY", help: "send: a second message of this key is none" },
  ],
  load: async () => (await import("./runs.ts")).runs,
};

/** Whether runs go on on the code of the file. */
export const CHECK: ResourceVerb = {
  name: "check",
  words: "[FOLDER | FILE …]",
  mostWords: Number.POSITIVE_INFINITY,
  summary: "replay histories of durable programs on the code of this file, and show what differs",
  details: [
    "Nothing that a program asks for is done: its steps, calls and sleeps give what its history says.",
    "Histories are files of runs export, or of runs ID events; in a folder those of *.jsonl and *.json, whose program is the folder that is named as one, or --program.",
    "Without words: those of the runs of the deployed app that are not over.",
    "Status 1 where a program goes another way than its history, or comes to another end.",
  ],
  flags: [
    { name: "program", value: "NAME", help: "this program alone; of files: whose histories they are" },
    { name: "limit", value: "N", help: "of the deployed app: N runs of each program at most, taken evenly (all)" },
  ],
  load: async () => (await import("./check.ts")).check,
};

/** What `plan` and `up` say of runs that are not over. */
export const OPEN_RUNS: Preflight = {
  name: "runs",
  load: async () => (await import("./preflight.ts")).foresee,
};
