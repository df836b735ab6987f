import type { RunnerPlaces } from "@hadron/core/spi";

/** See `RunnerPlaces`. */
export const summary = "processes on this machine";

export const flags: RunnerPlaces["flags"] = [
  { name: "data-dir", value: "PATH", help: "where apps store (HADRON_DATA_DIR; else .hadron beside the app file)" },
  {
    name: "inspect",
    value: "SERVICE[.N]",
    help: "open Node's inspector on the replicas of a service, or on one: breakpoints in your own files",
  },
];

export const provides: RunnerPlaces["provides"] = [
  "storage",
  "generated-secrets",
  "tls",
  "ingress-tls",
  "connections",
  "others-connections",
];

export const endsWithCommand = true;

export const answers: RunnerPlaces["answers"] = () => "always";
