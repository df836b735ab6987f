/** What the `hadron` command shares with the command line of an app file. */
export { openUrl, type UrlCaller } from "../call/url.ts";
export { type Flag, parseArguments } from "./arguments.ts";
export { type Discovered, discover } from "./discover.ts";
export { reportFailure, statusOf } from "./failure.ts";
export { flagTable } from "./help.ts";
export { isInput, readInput, type Stdin } from "./input.ts";
export { checkRunnerName } from "./load-runner.ts";
export { openHost } from "./open-host.ts";

export { printOutput } from "./print-output.ts";
export { type OwnProcess, type Stopping, watchSignals } from "./stopping.ts";
export { toTable } from "./table.ts";
export { findProcedure, type Target, unknownService } from "./target.ts";
export { createTerminal, type Output, type Terminal } from "./terminal.ts";
export { toDurationMs } from "./values.ts";
export { TIMEOUT_FLAG } from "./verbs.ts";
export { version } from "./version.ts";
