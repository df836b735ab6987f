import { afterAll, beforeAll, describe } from "vitest";
import { describeCalls } from "./suite/calls.ts";
import { describeChanges } from "./suite/changes.ts";
import { describeEndings } from "./suite/endings.ts";
import { describeLogs } from "./suite/logs.ts";
import { Rig, type RunnerSuite } from "./suite/rig.ts";
import { describeScale } from "./suite/scale.ts";
import { describeStart } from "./suite/start.ts";

export { eventually } from "./suite/eventually.ts";
export type { RunnerSuite } from "./suite/rig.ts";
export { toProgram } from "./suite/to-program.ts";

/**
 * Proves each promise of a runner's verbs, with an app of two services that call each other. A new runner passes it:
 *
 * @example
 * describeRunner("local", { createRunner: (env) => createRunner({ env, flags: {}, explicitApp: false }) });
 */
export function describeRunner(name: string, suite: RunnerSuite): void {
  const timeout = suite.timeoutMs ?? 120_000;
  const title = `the ${name} runner${suite.skip === undefined ? "" : ` (${suite.skip})`}`;
  describe.skipIf(suite.skip !== undefined)(title, { timeout }, () => {
    const rig = new Rig(name, suite);
    beforeAll(() => rig.open(), timeout);
    afterAll(() => rig.close(), timeout);
    // In this order: each goes on from where the one before has left the app.
    describeStart(rig);
    describeCalls(rig);
    describeLogs(rig);
    describeScale(rig);
    describeChanges(rig);
    describeEndings(rig);
  });
}
