import { expect, test } from "vitest";
import { findLaunchers, type ProcessTable } from "../../src/cli/process/launcher.ts";

/** Processes from the innermost outwards, numbered from 10. */
function chain(...commands: readonly string[]): ProcessTable {
  return (pid) => {
    const command = commands[pid - 10];
    return command === undefined ? undefined : { command, parent: pid + 1 };
  };
}

const tsx = "/w/node_modules/.bin/../node/bin/node /w/node_modules/.bin/../tsx/dist/cli.mjs app.ts";
const shim = "/bin/sh /w/node_modules/.bin/node /w/node_modules/.bin/../tsx/dist/cli.mjs app.ts";

test.each([
  ["npx", [tsx, shim, "sh -c 'tsx' app.ts", "npm exec tsx app.ts", "-bash"], 4],
  ["tsx alone", [tsx, shim, "-bash", "sshd"], 2],
  ["a script of package.json", [tsx, "sh -c tsx app.ts", "npm run dev", "zsh"], 3],
  ["pnpm", [tsx, "sh -c tsx app.ts", "node /usr/lib/pnpm/bin/pnpm.cjs dev", "zsh"], 3],
  ["a shell of the user's that may leave", [tsx, "sh -c tsx app.ts & exit", "cron"], 1],
  ["node itself", ["-bash", "sshd"], 0],
])("of %s only what passes the command on is watched", (_, commands, count) => {
  expect(findLaunchers(10, chain(...commands))).toEqual(Array.from({ length: count }, (_, index) => 10 + index));
});
