import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { candidates } from "../../src/client/completions/candidates.ts";
import { SCRIPTS } from "../../src/client/completions/scripts.ts";

const knowledge = {
  clientFlags: [
    { name: "runner", value: "NAME", help: "" },
    { name: "json", help: "" },
  ],
  runnerFlags: [{ name: "namespace", value: "NAME", help: "" }],
  runners: ["local", "docker"],
  services: async () => [
    { name: "shop", procedures: ["buy", "browse"] },
    { name: "hello", procedures: ["hello"] },
  ],
};

describe("at the end of the line may stand", () => {
  test.each([
    ["hadron ", ["shop", "hello", "completions"]],
    ["npx hadron sh", ["shop"]],
    ["hadron shop ", ["buy", "browse"]],
    ["hadron --json shop br", ["browse"]],
    ["hadron shop buy ", []],
    ["hadron --", ["--runner=", "--json", "--namespace="]],
    ["npx hadron --runner=d", ["--runner=docker"]],
    ["hadron completions ", ["bash", "zsh", "fish"]],
    ["npx tsx client.ts he", ["hello"]],
    ["npx tsx shop.ts s", ["status", "scale"]],
    ["tsx shop.ts logs --t", ["--tail="]],
    ["tsx shop.ts status --t", []],
    ["tsx shop.ts logs ", ["shop", "hello"]],
    ["tsx shop.ts scale h", ["hello"]],
    ["tsx shop.ts call shop b", ["buy", "browse"]],
    ["tsx shop.ts plan ", []],
    ["tsx sho", []],
    ["npx cowsay ", []],
  ])("%j: %j", async (line, words) => {
    expect(await candidates(line.split(" "), knowledge)).toEqual(words);
  });
});

describe("the script for bash", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "hadron-bash-"));
    mkdirSync(join(folder, "bin"));
    // Says what it was asked, and three words.
    writeFileSync(
      join(folder, "bin/hadron"),
      '#!/bin/sh\necho "$@" >>asked\nprintf "%s\\n" --runner=local --runner=docker shop\n',
    );
    chmodSync(join(folder, "bin/hadron"), 0o755);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("asks the command, and replaces only what bash takes for the word", async () => {
    const { stdout } = await promisify(execFile)(
      "bash",
      [
        "--norc",
        "-c",
        `eval "$SCRIPT"; COMP_LINE="npx hadron --runner=l"; COMP_POINT=\${#COMP_LINE}; _hadron; printf "%s\\n" "\${COMPREPLY[@]}"; cat asked; complete -p hadron`,
      ],
      {
        cwd: folder,
        env: { ...process.env, SCRIPT: SCRIPTS.bash, PATH: `${join(folder, "bin")}:${process.env.PATH}` },
      },
    );
    expect(stdout.split("\n").slice(0, 4)).toEqual([
      "local",
      "docker",
      "shop",
      "completions words -- npx hadron --runner=l",
    ]);
    expect(stdout).toContain("-F _hadron hadron");
  });
});
