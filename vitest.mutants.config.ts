import { defineConfig } from "vitest/config";
import { NearestFirst } from "./tools/mutants/nearest-first.ts";
import { ownPackages } from "./tools/mutants/own-packages.ts";

/**
 * The tests that mutants are tried with: those in one process. What a mutant is cannot be told to a process that a test
 * starts, so tests of whole processes, engines and clusters would only be slow here, and notice nothing.
 */
export default defineConfig({
  plugins: [ownPackages(import.meta.dirname)],
  test: {
    // What a package's own tests do not notice is not noticed: those of others that use it would hold each mutant up.
    include: [`packages/${process.env.MUTANTS_PACKAGE ?? "*"}/test/**/*.test.ts`],
    exclude: [
      "**/node_modules/**",
      "**/*.long.test.ts",
      "packages/core/test/{cli/e2e,faults}/**",
      "packages/durable/test/app/{drain,versions}.test.ts",
      "packages/resources/test/app/drain.test.ts",
      "packages/resources/test/database/{database,fence,given-server,rotate}.test.ts",
      "packages/resources/test/{exactly-once/exactly-once,histories/postgres,store/postgres}.test.ts",
      "packages/resources/test/verbs/{database,store-in-postgres,verbs}.test.ts",
      // It looks for the line of a declaration, which is another one in a copy with mutants in it.
      "packages/resources/test/app/use.test.ts",
      // Of these, what needs an engine or a cluster.
      "packages/runners/test/client/completions.test.ts",
      "packages/runners/test/docker/{chat,deaths,edges,examples,faults,features,images,layers,redeploy,runner,store-in-postgres}.test.ts",
      "packages/runners/test/docker/engine/{remote,tls}.test.ts",
      "packages/runners/test/docker/ingress/replace.test.ts",
      "packages/runners/test/kubernetes/{deaths,edges,ends,going,kept,lease,lines,objects,packed,refusals,rights,runner,stopped,store-in-postgres,turns,waiting}.test.ts",
      "**/{busy,kill,local,no-handles,process-life}.test.ts",
      "packages/runners/test/local/{exit,inspect,nothing-left,one-owner,outside-calls,runner,storage,supervision,watchdog}.test.ts",
    ],
    // Of the run before anything is changed, on a machine that may be busy; Stryker has its own limit for a mutant.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Elsewhere none is tried again. Here a test that fails by the load of the machine would notice what it did not, or stop
    // all before anything is changed; what a mutant breaks is broken twice.
    retry: 1,
    setupFiles: ["tools/mutants/whole-files.mjs"],
    sequence: { sequencer: NearestFirst },
  },
});
