import { certificateSecrets } from "../../declare/definition.ts";
import type { RunOptions } from "../../describe/app-arguments.ts";
import type { App } from "../../describe/compose/app.ts";
import { hashTopology } from "../../describe/topology.ts";
import { HadronError } from "../../errors.ts";
import { captureVariable } from "../../given/capture-record.ts";
import type { Capturing, Program } from "../../runner.ts";
import { own } from "../../values/own.ts";
import { commandOf } from "../terminal/command-of.ts";
import type { Env } from "./env.ts";

/**
 * What a runner is given. `needsSecrets`: it will start replicas, so that a secret which the environment does not have is
 * FAILED_PRECONDITION; other verbs go on without.
 */
export function createProgram(
  options: {
    readonly app: App;
    readonly entry: string;
    readonly runCall: number;
    /** What `run(…)` was told, of which packages are of use here. */
    readonly packages: Pick<RunOptions, "external" | "bundle">;
    readonly env: Env;
    /** Where the command was typed. */
    readonly cwd: string;
    /** What computes the captured values; undefined where the app has none. */
    readonly capturing: Capturing | undefined;
  },
  needsSecrets: boolean,
): Program {
  const { topology } = options.app;
  const captured = new Set(options.app.captures.map(({ name }) => captureVariable(name)));
  const secrets: Record<string, string> = {};
  const missing: string[] = [];
  for (const service of topology.services) {
    for (const name of [...service.secrets, ...certificateSecrets(service.exposed)]) {
      if (captured.has(name)) continue;
      const value = own(options.env, name);
      if (value !== undefined) secrets[name] = value;
      else missing.push(`${name} (of "${service.name}")`);
    }
  }
  if (needsSecrets && missing.length > 0) {
    const [what, them] = missing.length === 1 ? ["The secret", "it"] : ["The secrets", "them"];
    throw new HadronError(
      "FAILED_PRECONDITION",
      `${what} ${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} not in the environment: set ${them}, as in ` +
        `${missing[0]!.split(" ")[0]}=… ${commandOf(options.entry, options.cwd)}.`,
    );
  }
  const { entry, runCall, capturing } = options;
  const { kubernetesPatchOf } = options.app;
  const { external = [], bundle = [] } = options.packages;
  const packages = { external, bundle };
  const program = { entry, topology, hash: hashTopology(topology), runCall, packages, secrets, kubernetesPatchOf };
  return capturing === undefined ? program : { ...program, capturing };
}
