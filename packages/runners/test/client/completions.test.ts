import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
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
    ["hadron ", ["shop", "hello", "completions", "guest-api"]],
    ["npx hadron sh", ["shop"]],
    ["hadron shop ", ["buy", "browse"]],
    ["hadron --json shop br", ["browse"]],
    ["hadron shop buy ", []],
    ["hadron --", ["--runner=", "--json", "--namespace="]],
    ["npx hadron --runner=d", ["--runner=docker"]],
    ["hadron completions ", ["bash", "zsh", "fish"]],
    ["hadron guest-api ", ["c", "rust", "ts"]],
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

/** Completed by the shell itself, with a command in front that offers what may stand at the end of the line. */
describe("typed in a shell, a verb, a flag and a service are completed", () => {
  const LINES = ["hadron sh", "npx hadron --runner=d", "npx tsx shop.ts stat"];
  const COMPLETED = ["hadron shop", "npx hadron --runner=docker", "npx tsx shop.ts status"];
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "hadron-shell-"));
    mkdirSync(join(folder, "bin"));
    const offer = `for last; do :; done
for word in --runner=local --runner=docker --json shop status; do
  case $word in "$last"*) echo "$word" ;; esac
done
`;
    writeFileSync(join(folder, "bin/hadron"), `#!/bin/sh\n${offer}`, { mode: 0o755 });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const run = async (shell: string, args: readonly string[], script: string) => {
    const env = { PATH: `${join(folder, "bin")}:${process.env.PATH}`, HOME: folder, SCRIPT: script, TERM: "dumb" };
    const { stdout } = await promisify(execFile)(shell, args, { cwd: folder, env, timeout: 20_000 });
    return stdout.split(/\r?\n/);
  };
  const isThere = (shell: string) => (process.env.PATH ?? "").split(":").some((path) => existsSync(join(path, shell)));

  // CI installs both shells; elsewhere they may not be there, and nothing else can complete in their place.
  test.skipIf(!isThere("fish"))("in fish", async () => {
    const ask = LINES.map((line) => `complete -C "${line}"`).join("; ");
    const said = await run("fish", ["--no-config", "-c", `eval (string collect $SCRIPT); ${ask}`], SCRIPTS.fish);
    expect(said.filter((word) => word !== "")).toEqual(["shop", "--runner=docker", "status"]);
  });

  test.skipIf(!isThere("zsh"))("in zsh", async () => {
    // A terminal of its own; Ctrl-X prints the line as it stands, and clears it.
    const session = `zmodload zsh/zpty; zpty -b shell zsh -f -i
say() { zpty -w shell "$1"; }
say 'PS1=; autoload -Uz compinit; compinit -u -D; eval "$SCRIPT"; show() { print -r -- "<$BUFFER>"; BUFFER=; }'
say 'zle -N show; bindkey "^X" show; echo rea""dy'
zpty -r -m shell out '*ready*'
for line in ${LINES.map((line) => `"${line}"`).join(" ")}; do
  zpty -w -n shell "$line"$'\t\x18'; zpty -r -m shell out '*<*>*'; print -r -- "\${\${out##*<}%%>*}"
done
zpty -d shell`;
    const said = await run("zsh", ["-f", "-c", session], SCRIPTS.zsh);
    expect(said.map((line) => line.trim()).filter((line) => line !== "")).toEqual(COMPLETED);
  });
});
