/** What the `hadron` command shares with the command line of an app file. */
export { openUrl, type UrlCaller } from "../call/client/url.ts";
export { type Flag, parseArguments } from "./command/arguments.ts";
export { reportFailure, statusOf } from "./command/failure.ts";
export { isInput, readInput, type Stdin } from "./command/input.ts";
export { findProcedure, type Target, unknownService } from "./command/target.ts";
export { toDurationMs } from "./command/values.ts";
export { flagTable } from "./line/help.ts";
export { version } from "./line/version.ts";
export { type OwnProcess, type Stopping, watchSignals } from "./process/stopping.ts";
export { toCallOptions } from "./runners/call-options.ts";
export { type Discovered, discover } from "./runners/discover.ts";
export { openHost } from "./runners/open-host.ts";
export { flagsOfAll, installedRunners, type OwnedFlag, type Runners } from "./runners/runners.ts";
export { printOutput } from "./terminal/print-output.ts";
export { toTable } from "./terminal/table.ts";
export { createTerminal, type Output, type Terminal } from "./terminal/terminal.ts";
export { wrap } from "./terminal/wrap.ts";
export { COMMON_FLAGS, TIMEOUT_FLAG, TOKEN_FLAG, VERBS } from "./verbs/verbs.ts";
