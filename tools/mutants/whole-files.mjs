// Set up after Stryker's own: it takes what runs while a test file is loaded, or in its hooks, for nobody's, and so tried no
// test with a mutant there that an app had passed which the file starts for all of its tests. Here it is every test's of that
// file, and the mutant is there from the first line on: each file has its own thread, which has loaded nothing yet.
import { afterAll, inject } from "vitest";

const OUTSIDE = "outside of tests";
const stryker = globalThis[inject("globalNamespace")];

if (inject("mode") === "mutant") stryker.activeMutant = inject("activeMutant");
else {
  const tests = new Set();
  let current;
  Object.defineProperty(stryker, "currentTestId", {
    get: () => current ?? OUTSIDE,
    set: (id) => {
      current = id;
      if (id !== undefined) tests.add(id);
    },
  });
  afterAll(() => {
    const perTest = stryker.mutantCoverage?.perTest;
    const outside = Object.entries(perTest?.[OUTSIDE] ?? {});
    if (outside.length === 0) return;
    delete perTest[OUTSIDE];
    for (const id of tests) {
      perTest[id] ??= {};
      for (const [mutant, hits] of outside) perTest[id][mutant] = (perTest[id][mutant] ?? 0) + hits;
    }
  });
}
