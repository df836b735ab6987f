import type { RunnerPlaces } from "@hadron/core/spi";

/** See `RunnerPlaces`. */
export const summary = "processes on this machine";

/** The local runner has no flags of its own. */
export const flags: RunnerPlaces["flags"] = [];

export const provides: RunnerPlaces["provides"] = ["storage"];

export const endsWithCommand = true;

export const answers: RunnerPlaces["answers"] = () => "always";
