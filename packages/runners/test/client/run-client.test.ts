import { execFile } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import jayson from "jayson";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runClient } from "../../src/client/index.ts";

/** Runs the command in this process. No engine and no cluster is looked for. */
async function hadron(argv: readonly string[], stdin = "") {
  const kept = { out: [] as string[], err: [] as string[] };
  const own = Object.assign(new EventEmitter(), { exitCode: undefined as number | undefined, exit: () => {} });
  const status = await runClient({
    argv,
    env: {
      HOME: "/nowhere",
      KUBECONFIG: "",
      DOCKER_HOST: "unix:///nowhere.sock",
      XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR,
    },
    stdout: { write: (text) => kept.out.push(text) },
    stderr: { write: (text) => kept.err.push(text) },
    stdin: (async function* () {
      yield stdin;
    })(),
    process: own,
  });
  expect(own.exitCode).toBe(status);
  return { status, out: kept.out.join(""), err: kept.err.join("") };
}

test("guest-api prints what modules are written against, for languages that it knows", async () => {
  const { status, out, err } = await hadron(["guest-api", "c"]);
  expect([status, err]).toEqual([0, ""]);
  expect(out).toContain('import_module("core"), import_name("read_exchange_buffer")');
  for (const words of [["guest-api"], ["guest-api", "cobol"]]) {
    expect(await hadron(words)).toMatchObject({ status: 2, out: "", err: expect.stringContaining("c, rust, ts") });
  }
});

describe("--url calls any JSON-RPC server", () => {
  let server: Server;
  let url: string;
  beforeAll(async () => {
    const methods = {
      echo: (args: unknown, done: (error: unknown, result: unknown) => void) => done(null, args),
      fail: (_: unknown, done: (error: unknown) => void) => done({ code: -32050, message: "out of paper" }),
    };
    server = new jayson.Server(methods as never).http();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => void server.close());

  test("and prints the result as one line of JSON", async () => {
    expect(await hadron(["--url", url, "echo", '{"a": 1}'])).toEqual({ status: 0, out: '{"a":1}\n', err: "" });
    expect((await hadron(["--url", url, "anything", "echo", "[7]"])).out).toBe("[[7]]\n");
    expect((await hadron(["--url", url, "echo", "-"], '{"from":"stdin"}')).out).toBe('{"from":"stdin"}\n');
  });

  test("and says what it answered, where that is an error", async () => {
    const { status, out, err } = await hadron(["--url", url, "fail"]);
    expect([status, out]).toEqual([1, ""]);
    expect(err).toContain("out of paper");
    const unknown = await hadron(["--url", url, "ecko", "--json"]);
    expect(unknown.status).toBe(1);
    expect(JSON.parse(unknown.err).error.code).toBe("UNKNOWN_PROCEDURE");
  });

  test("nobody there is UNAVAILABLE, a server of another kind is named as such", async () => {
    const { status, err } = await hadron(["--url", "http://127.0.0.1:1", "echo"]);
    expect(status).toBe(1);
    expect(err).toMatch(/^UNAVAILABLE: /);
    const web = createServer((_, response) => response.writeHead(404).end("<html>")).listen(0, "127.0.0.1");
    await once(web, "listening");
    try {
      const found = await hadron(["--url", `http://127.0.0.1:${(web.address() as AddressInfo).port}`, "echo"]);
      expect(found.status).toBe(1);
      expect(found.err).toContain("404");
      expect(found.err).not.toContain("    at ");
    } finally {
      web.close();
    }
  });

  test("--timeout gives up one that does not answer", async () => {
    const silent = createServer(() => {}).listen(0, "127.0.0.1");
    await once(silent, "listening");
    try {
      const there = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
      expect(await hadron(["--url", there, "echo", "--timeout=50ms"])).toMatchObject({
        status: 1,
        err: expect.stringMatching(/^DEADLINE_EXCEEDED: /),
      });
    } finally {
      silent.closeAllConnections();
      silent.close();
    }
  });
});

describe("wrong use ends with status 2 and says what is right", () => {
  test.each([
    [["--url=nope", "x"], '--url is "nope"'],
    [["--url=http://x", "--app=y"], "leave --runner and --app out"],
    [["--runner=dokcer"], 'Did you mean "docker"?'],
    [["--ap=x"], 'There is no flag "--ap". Did you mean "--app"?'],
    [["a", "b", "c", "d"], '"d" is too much'],
    [["--app=no-such-app"], 'No app "no-such-app" runs.'],
    [["no-such-service-here"], 'There is no service "no-such-service-here"'],
  ])("%j", async (argv, message) => {
    const { status, out, err } = await hadron(argv);
    expect([status, out]).toEqual([2, ""]);
    expect(err).toContain(message);
  });
});

test("--help and --version", async () => {
  expect((await hadron(["--help"])).out).toContain("npx hadron [SERVICE] [PROCEDURE] [INPUT]");
  expect((await hadron(["--version"])).out).toMatch(/^\d+\.\d+\.\d+/);
});

test("a Node that is too old is told so in one line", async () => {
  const bin = fileURLToPath(new URL("../../bin/hadron.cjs", import.meta.url));
  const script = `Object.defineProperty(process.versions, "node", { value: "18.19.0" }); require(${JSON.stringify(bin)});`;
  const failed = await promisify(execFile)(process.execPath, ["-e", script]).catch((error) => error);
  expect(failed.code).toBe(1);
  expect(failed.stderr).toBe("hadron needs Node 24 or newer; this is 18.19.0.\n");
});
