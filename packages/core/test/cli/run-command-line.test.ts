import { describe, expect, test } from "vitest";
import { HadronError, service } from "../../src/index.ts";
import type { AppStatus } from "../../src/runner.ts";
import { enter, FakeRunner, type } from "./command-rig.ts";

const hello = service("hello", (name: string) => name, { expose: true, secrets: ["API_KEY"] });
const services = [hello];
const env = { API_KEY: "sesame" };

const running: AppStatus = {
  app: "sample",
  runner: "local",
  revision: "abc",
  services: [
    {
      name: "hello",
      endpoint: "http://127.0.0.1:40123",
      replicas: [
        { name: "hello.0", state: "ready", restarts: 0, reason: null, calls: 7 },
        { name: "hello.1", state: "failed", restarts: 5, reason: "exit code 1", calls: null },
      ],
    },
  ],
};

function runningOn(): FakeRunner {
  const runner = new FakeRunner();
  runner.state = running;
  return runner;
}

describe("wrong use ends with status 2 and one message", () => {
  test.each([
    [["stauts"], 'There is no verb "stauts". Did you mean "status"?'],
    [["--runner=dokcer"], 'There is no runner "dokcer"; there are local, docker, kubernetes. Did you mean "docker"?'],
    [["status", "--follow"], "--follow is a flag of logs, not of status."],
    [["status", "hello"], '"hello" is too much: it is status.'],
    [["--app=No_Name"], '--app: "No_Name" cannot name an app'],
    [["scale", "hello"], "scale SERVICE N"],
    [["scale", "hello", "many"], 'N is "many", and should be a whole number from 1 to 10000.'],
    [["scale", "hello", "-1"], 'N is "-1"'],
    [["scale", "hallo", "1"], 'There is no service "hallo". Did you mean "hello"?'],
    [["logs", "hallo"], 'There is no service "hallo".'],
    [["call", "--timeout=soon"], '--timeout is "soon", and should be a time above 0'],
    [["call", "--timeout=0"], '--timeout is "0"'],
    [["call", "{a:1}"], "INPUT is not JSON"],
    [["--registry=x"], 'There is no flag "--registry".'],
  ])("%j", async (argv, message) => {
    const { status, out, err, own } = await enter({ services, argv });
    expect(status).toBe(2);
    expect(own.exitCode).toBe(2);
    expect(out).toBe("");
    expect(err).toMatch(/^WRONG_USE: /);
    expect(err).toContain(message);
    expect(err).not.toContain("    at ");
  });
});

test("the file may say the app's name, and --app says another", async () => {
  const nameOf = async (argv: readonly string[]) =>
    JSON.parse((await enter({ services, options: { app: "shop" }, argv: ["describe", ...argv] })).out).app;
  expect(await nameOf([])).toBe("shop");
  expect(await nameOf(["--app=other"])).toBe("other");
  const misnamed = await enter({ services, options: { app: "My Shop" }, argv: ["describe"] });
  expect(misnamed.err).toContain('"My Shop" cannot name an app');
  const unknown = await enter({ services, options: { ["ap" as "app"]: "shop" }, argv: ["describe"] });
  expect(unknown.err).toContain('run(…) knows no option "ap". Did you mean "app"?');
});

describe("errors", () => {
  test("with --json are one line on stderr", async () => {
    const { err, out } = await enter({ services, argv: ["upp", "--json"] });
    expect(out).toBe("");
    expect(JSON.parse(err)).toEqual({ error: { code: "WRONG_USE", message: expect.stringContaining('"upp"') } });
  });

  test("name their cause, if that says more", async () => {
    const runner = runningOn();
    runner.work = async () => {
      throw new HadronError("RUNNER_FAILED", "No engine answered.", { cause: new Error("connect ECONNREFUSED") });
    };
    const { err, status } = await enter({ services, argv: [], runner, env });
    expect(status).toBe(1);
    expect(err).toContain("RUNNER_FAILED: No engine answered.\n  because: connect ECONNREFUSED\n");
  });

  test.each([
    ["a text", "no route", "no route"],
    ["an object with a message", { code: 403, message: "pods is forbidden" }, "pods is forbidden"],
    ["an object without one", { code: 403 }, '{"code":403}'],
    ["what cannot be written down", { size: 1n }, "something that has no words"],
    ["nothing at all", null, "null"],
  ])("tell a cause that is no error in words: %s", async (_, cause, words) => {
    const runner = runningOn();
    runner.work = async () => {
      throw new HadronError("RUNNER_FAILED", "The cluster would not.", { cause });
    };
    const { err } = await enter({ services, argv: [], runner, env });
    expect(err).toContain(`RUNNER_FAILED: The cluster would not.\n  because: ${words}\n`);
  });

  test("that are no errors of ours come with their stack", async () => {
    const runner = runningOn();
    runner.work = async () => {
      throw new TypeError("x is not a function");
    };
    const { err, status } = await enter({ services, argv: [], runner, env });
    expect(status).toBe(1);
    expect(err).toMatch(/TypeError: x is not a function\n {4}at /);
  });

  test("of a declaration are failures", async () => {
    const { err, status } = await enter({ services: [], argv: ["describe"] });
    expect(status).toBe(1);
    expect(err).toContain("INVALID_DECLARATION: run() was given no service");
  });

  test("of the file itself end the process", async () => {
    const problem = new HadronError("WRONG_USE", "sample.ts calls run() twice.");
    const { err, own } = await enter({ services, argv: [], problem });
    expect(err).toBe("WRONG_USE: sample.ts calls run() twice.\n");
    expect(own.exited).toBe(2);
  });
});

describe("the app's name", () => {
  test.each([
    ["/apps/My File.ts", [], "my-file"],
    ["/apps/shop/index.ts", [], "shop"],
    ["/apps/shop/main.mts", [], "shop"],
    ["/apps/shop.v2/app.ts", [], "shop-v2"],
    ["/apps/sample.ts", ["--app=007"], "007"],
  ])("of %s %j is %s", async (entry, argv, name) => {
    const { out } = await enter({ services, entry, argv: ["describe", "--json", ...argv] });
    expect(JSON.parse(out).app).toBe(name);
  });

  test("that cannot be made of the file has to be given", async () => {
    expect((await enter({ services, entry: "/apps/日本.ts", argv: ["describe"] })).err).toContain(
      "give it one with --app=NAME",
    );
  });

  test("is explicit to the runner only where the user said it", async () => {
    const flags = [{ name: "registry", value: "HOST", help: "where images go" }];
    const argv = ["status", "--runner=docker", "--app=x", "--registry", "here"];
    expect((await enter({ services, argv, flags })).given).toEqual([
      { runner: "docker", flags: { registry: "here" }, explicitApp: true },
    ]);
    expect((await enter({ services, argv: ["status"], flags })).given).toEqual([
      { runner: "local", flags: {}, explicitApp: false },
    ]);
  });
});

describe("help", () => {
  test("of all names every verb, and the runner's own flags", async () => {
    const flags = [{ name: "registry", value: "HOST", help: "where images go" }];
    const { out, status } = await enter({ services, argv: ["--help", "--runner=docker"], flags });
    expect(status).toBe(0);
    for (const verb of ["up", "call", "plan", "status", "logs", "scale", "describe", "export", "delete"]) {
      expect(out).toMatch(new RegExp(`^  ${verb}\\b`, "m"));
    }
    expect(out).toContain("Flags of the docker runner:\n  --registry=HOST  where images go");
  });

  test.each([
    [80, 24],
    [120, 40],
  ])("of all fits a screen of %i columns and %i lines, and breaks no word", async (columns, rows) => {
    const { out } = await enter({ services, argv: ["--help"], columns });
    const lines = out.trimEnd().split("\n");
    // One for the prompt that stands below it.
    expect(lines.length).toBeLessThan(rows);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
  });

  test("goes on below an explanation, not below its term, where the screen is narrow", async () => {
    const { out } = await enter({ services, argv: ["call", "--help"], columns: 50 });
    expect(out).toContain(
      "  --timeout=TIME          how long to wait for the\n                          answer: 500ms, 5s, 2m; a\n",
    );
  });

  test("of one verb has its flags", async () => {
    const { out } = await enter({ services, argv: ["call", "--help"] });
    expect(out).toContain("call [SERVICE] [PROCEDURE] [INPUT]");
    expect(out).toContain("--timeout=TIME");
  });

  test("--version is the package's", async () => {
    expect((await enter({ services, argv: ["--version"] })).out).toMatch(/^\d+\.\d+\.\d+/);
  });
});

describe("up", () => {
  test("prints endpoints on stdout, the rest on stderr", async () => {
    const { out, err, status, runner } = await enter({ services, argv: [], runner: runningOn(), env });
    expect(status).toBe(0);
    expect(out).toBe("hello  http://127.0.0.1:40123\n");
    expect(err).toContain("bundle: building\nreplicas: 1 of 1 ready\n");
    expect(err).toContain("npx hadron hello");
    expect(err).toContain(
      `curl http://127.0.0.1:40123 -H 'content-type: application/json' -d '{"jsonrpc":"2.0","method":"hello","params":[],"id":1}'`,
    );
    expect(runner.applied).toMatchObject({ entry: "/apps/sample.ts", runCall: 1, secrets: { API_KEY: "sesame" } });
    expect(runner.applied?.hash).toMatch(/^[0-9a-f]{16}$/);
  });

  test("with --json prints the status and nothing else", async () => {
    const { out, err } = await enter({ services, argv: ["up", "--json"], runner: runningOn(), env });
    expect(JSON.parse(out)).toEqual(running);
    expect(out.trimEnd()).not.toContain("\n");
    expect(err).toBe("");
  });

  test("names the secrets that are missing; other verbs do without", async () => {
    const { err, status } = await enter({ services, argv: [], runner: runningOn() });
    expect(status).toBe(1);
    expect(err).toContain('The secret API_KEY (of "hello") is not in the environment: set it, as in API_KEY=…');
    expect((await enter({ services, argv: ["plan"] })).status).toBe(0);
  });

  test("on a screen writes steps anew, and takes them away at the end", async () => {
    const runner = runningOn();
    const { status, stderr } = type({ services, argv: [], runner, env, screen: true });
    runner.work = () => stderr.has("1 of 1 ready");
    await status;
    expect(stderr.text).toContain("\x1b[2A\r\x1b[J");
    const { err } = await enter({
      services,
      argv: [],
      runner: runningOn(),
      env: { ...env, NO_COLOR: "1" },
      screen: true,
    });
    expect(err).not.toContain("\x1b[3");
  });

  test("stays with a deployment that ends with it, shows its logs, and ends when told to", async () => {
    const runner = runningOn();
    let end!: (reason: string) => void;
    runner.ended = new Promise((resolve) => {
      end = resolve;
    });
    const record = {
      time: "2026-01-02T03:04:05.678Z",
      level: "warn",
      replica: "hello.0",
      message: "slow",
      ms: 12,
      who: "a b",
    };
    runner.lines = [
      { time: "2026-01-02T03:04:05.678Z", service: "hello", replica: "hello.0", line: JSON.stringify(record) },
      { time: "2026-01-02T03:04:06.000Z", service: "hello", replica: "hello.1", line: "plain {text" },
      { time: "2026-01-02T03:04:06.000Z", service: "hello", replica: "hello.1", line: '{"event":"ready"}' },
    ];
    // However late it is read: of no replica that was ready when that was said the line is shown.
    runner.later = [
      { time: "2999-01-02T03:04:06.000Z", service: "hello", replica: "hello.0", line: '{"event":"ready"}' },
      { time: "2999-01-02T03:04:07.000Z", service: "hello", replica: "hello.0", line: "the last" },
    ];
    const { status, stderr, own } = type({ services, argv: [], runner, env });
    await stderr.has("the last");
    expect(stderr.text).toContain('hello.0 | 03:04:05.678 warn  slow ms=12 who="a b"\nhello.1 | plain {text\n');
    expect(stderr.text).not.toContain('"event"');
    end("deleted by another command");
    expect(await status).toBe(0);
    expect(stderr.text).toContain("sample has ended: deleted by another command");
    expect(runner.disposed).toBe(true);
    expect(own.exited).toBeUndefined();
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ])("%s ends what it started, with status %i", async (signal, wanted) => {
    const runner = runningOn();
    runner.ended = new Promise(() => {});
    const { status, stdout, stderr, own } = type({ services, argv: [], runner, env });
    await stdout.has("http://");
    own.emit(signal, signal);
    own.emit(signal, signal); // Passed on by npx and tsx: still the same Ctrl-C.
    expect(await status).toBe(wanted);
    expect(own.exited).toBe(wanted);
    expect(runner.disposed).toBe(true);
    expect(stderr.text).toContain("Stopping; Ctrl-C again ends it at once.");
    expect(own.listenerCount(signal)).toBe(0);
  });

  test("Ctrl-C while it applies is no failure of its own", async () => {
    const runner = runningOn();
    runner.work = (signal) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    const { status, stderr, own } = type({ services, argv: [], runner, env });
    await stderr.has("1 of 1 ready");
    own.emit("SIGINT", "SIGINT");
    expect(await status).toBe(130);
    expect(stderr.text).not.toContain("CANCELLED");
  });
});

describe("status", () => {
  test("has one row for the replicas of a service that are alike, and unfolds it where each is asked for", async () => {
    const runner = runningOn();
    const replica = (name: string, calls: number) =>
      ({ name, state: "ready", restarts: 0, reason: null, calls }) as const;
    const leaves = Array.from({ length: 10 }, (_, index) => replica(`leaf.${index}`, 3));
    runner.state = {
      ...running,
      services: [
        { name: "hello", endpoint: null, replicas: [replica("hello.0", 7)] },
        { name: "leaf", endpoint: null, replicas: leaves },
        {
          name: "odd",
          endpoint: null,
          replicas: [
            replica("odd.0", 1),
            replica("odd.1", 2),
            { ...replica("odd.2", 0), state: "failed", reason: "exit code 1" },
          ],
        },
      ],
    };
    expect((await enter({ services, argv: ["status"], runner })).out).toMatchInlineSnapshot(`
      "sample on local, revision abc

      SERVICE       STATE   RESTARTS  CALLS  REASON
      hello         ready   0         7
      leaf (10)     ready   0         30
      odd (2 of 3)  ready   0         3
      odd.2         failed  0         0      exit code 1
      "
    `);
    const { out } = await enter({ services, argv: ["status", "--replicas"], runner });
    expect(out.match(/^leaf\.\d /gm)).toHaveLength(10);
    expect(out).toContain("REPLICA  STATE");
    const { out: json } = await enter({ services, argv: ["status", "--json"], runner });
    expect(JSON.parse(json).services[1].replicas).toHaveLength(10);
  });

  test("shows every replica that has something of its own to say", async () => {
    const { out, status } = await enter({ services, argv: ["status"], runner: runningOn() });
    expect(status).toBe(0);
    expect(out).toMatchInlineSnapshot(`
      "sample on local, revision abc

      SERVICE  STATE   RESTARTS  CALLS  REASON
      hello.0  ready   0         7
      hello.1  failed  5         ?      exit code 1

      hello  http://127.0.0.1:40123
      "
    `);
  });

  test("of nothing is an empty list, and no failure", async () => {
    const { out, status } = await enter({ services, argv: ["status", "--json"] });
    expect(status).toBe(0);
    expect(JSON.parse(out)).toEqual({ app: "sample", runner: "local", revision: null, services: [] });
    expect((await enter({ services, argv: ["status"] })).out).toBe('Nothing of "sample" is deployed on local.\n');
  });
});

test("plan lists changes, for people and as JSON", async () => {
  const runner = new FakeRunner();
  runner.changes = [
    { action: "create", kind: "process", name: "hello.0", because: "declared" },
    { action: "replace", kind: "process", name: "hello.1", because: "code changed" },
  ];
  expect((await enter({ services, argv: ["plan"], runner })).out).toMatchInlineSnapshot(`
    "+ create   process  hello.0  declared
    ± replace  process  hello.1  code changed

    1 to create, 1 to replace.
    "
  `);
  const { out } = await enter({ services, argv: ["plan", "--json"], runner });
  expect(JSON.parse(out)).toEqual({ changes: runner.changes });
  expect((await enter({ services, argv: ["plan"] })).out).toBe("Nothing to change.\n");
});

describe("logs", () => {
  const line = (second: number, text: string, replica = "hello.0") => ({
    time: `2026-01-02T03:04:0${second}.000Z`,
    service: "hello",
    replica,
    line: text,
  });
  const past = [line(1, "one"), line(2, "two", "hello.1"), line(3, "three"), line(3, "three"), line(4, "four")];

  async function read(...argv: string[]): Promise<string[]> {
    const runner = runningOn();
    runner.lines = past;
    const { out, err } = await enter({ services, argv: ["logs", "--json", ...argv], runner });
    expect(err).toBe("");
    return out
      .split("\n")
      .filter((text) => text !== "")
      .map((text) => JSON.parse(text).line);
  }

  test.each([
    [["--since=2026-01-02T03:04:03Z"], ["three", "three", "four"]],
    [["--since=10m"], []],
    [["--grep=^t"], ["two", "three", "three"]],
    [["--tail=2"], ["three", "four"]],
    [["--tail=0"], []],
    [
      ["--grep", "o", "--tail", "2"],
      ["two", "four"],
    ],
    [["--since=2026-01-02T03:04:03Z", "--grep=three", "--tail=1"], ["three"]],
  ])("%j are narrowed to %j", async (argv, lines) => {
    expect(await read(...argv)).toEqual(lines);
  });

  test("that are followed go on behind the tail: no line twice, none left out", async () => {
    const runner = runningOn();
    runner.lines = past;
    // The last of the past is told again, and the same words were said twice more within its instant.
    runner.later = [line(4, "four"), line(4, "four"), line(5, "five", "hello.1"), line(6, "six")];
    const { status, stdout, own } = type({ services, argv: ["logs", "-f", "--tail=1"], runner });
    await stdout.has("six");
    own.emit("SIGINT", "SIGINT");
    expect(await status).toBe(130);
    expect(stdout.text.match(/\w+$/gm)).toEqual(["four", "four", "four", "five", "six"]);
  });

  test.each([
    [["--since=yesterday"], '--since is "yesterday", and should be how long ago'],
    [["--grep=("], '--grep is "(", and should be a regular expression'],
    [["--tail=-1"], '--tail is "-1"'],
  ])("%j is wrong use", async (argv, message) => {
    const { err, status } = await enter({ services, argv: ["logs", ...argv] });
    expect(status).toBe(2);
    expect(err).toContain(message);
  });

  test("show the stack of an error in lines", async () => {
    const runner = runningOn();
    const record = {
      level: "error",
      message: "it broke",
      code: 7,
      stack: "Error: no paper\n    at print (printer.ts:3)",
    };
    runner.lines = [line(1, JSON.stringify(record))];
    expect((await enter({ services, argv: ["logs"], runner })).out).toBe(
      "hello.0 | error it broke code=7\nhello.0 |   stack: Error: no paper\nhello.0 |       at print (printer.ts:3)\n",
    );
  });
});

describe("colours", () => {
  test.each([
    [{ FORCE_COLOR: "1" }, false, true],
    [{ FORCE_COLOR: "1", NO_COLOR: "1" }, false, true],
    [{ FORCE_COLOR: "0" }, true, false],
    [{ NO_COLOR: "1" }, true, false],
    [{ TERM: "dumb" }, true, false],
    [{}, true, true],
    [{}, false, false],
  ])("with %j, on a screen: %s, are there: %s", async (env, screen, expected) => {
    const { out } = await enter({ services, argv: ["status"], runner: runningOn(), env, screen });
    expect(out.includes("\x1b[")).toBe(expected);
  });
});

test("logs with --json is a line each; a reader that goes away ends it quietly", async () => {
  const runner = runningOn();
  runner.lines = [{ time: "t", service: "hello", replica: "hello.0", line: "one" }];
  const { out, err } = await enter({ services, argv: ["logs", "hello", "--json"], runner });
  expect(out).toBe('{"time":"t","service":"hello","replica":"hello.0","line":"one"}\n');
  expect(err).toBe("");
  const { status, stdout } = type({ services, argv: ["logs", "-f"], runner });
  await stdout.has("one");
  stdout.emit("error", Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
  expect(await status).toBe(0);
  expect(runner.asked).toEqual(["logs hello false", "logs undefined true"]);
});

test("scale asks the runner, and with --json prints the status", async () => {
  const runner = runningOn();
  const { out } = await enter({ services, argv: ["scale", "hello", "3", "--json"], runner });
  expect(runner.asked).toEqual(["scale sample hello 3"]);
  expect(JSON.parse(out)).toEqual(running);
});

test("export prints the runner's text as it is", async () => {
  expect((await enter({ services, argv: ["export"] })).out).toBe("services: {}\n");
});

test("delete says what was removed, and fails where something is left", async () => {
  const done = await enter({ services, argv: ["delete"], runner: runningOn() });
  expect([done.status, done.out]).toEqual([0, 'Removed "sample" from local: 1 service, 2 replicas.\n']);
  const runner = runningOn();
  runner.left = ["network sample"];
  const failed = await enter({ services, argv: ["delete"], runner });
  expect([failed.status, failed.err]).toEqual([1, "Still there:\n  network sample\n"]);
});
