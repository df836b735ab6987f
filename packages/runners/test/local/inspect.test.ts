import { once } from "node:events";
import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { toInspected } from "../../src/local/replica/inspect.ts";
import { toProgram } from "../../src/suite.ts";
import { keeper, stranger } from "../fixtures/keeper.ts";
import { fixture, Home } from "./harness.ts";

let home: Home;
beforeEach(async () => {
  home = await Home.make();
});
afterEach(() => home[Symbol.asyncDispose]());

const program = toProgram(fixture("keeper.ts"), "keeper", [keeper, stranger]);

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: any;
  readonly result?: any;
}

/** A debugger, as far as a breakpoint needs one. */
class Debugger {
  readonly #socket: WebSocket;
  readonly #messages: Message[] = [];
  #wake = () => {};
  #next = 1;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      this.#messages.push(JSON.parse(String(data)));
      this.#wake();
    });
  }

  static async open(address: string): Promise<Debugger> {
    const socket = new WebSocket(address);
    const opened = new Debugger(socket);
    await once(socket, "open");
    return opened;
  }

  async ask(method: string, params: object = {}): Promise<any> {
    const id = this.#next++;
    this.#socket.send(JSON.stringify({ id, method, params }));
    return (await this.hears((message) => message.id === id)).result;
  }

  async hears(wanted: (message: Message) => boolean): Promise<Message> {
    for (;;) {
      const found = this.#messages.find(wanted);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  close(): void {
    this.#socket.close();
  }
}

test("--inspect opens the inspector of a replica and says where; a breakpoint in the user's own file stops there", async () => {
  const notes: string[] = [];
  const context = { ...home.context, progress: { step() {}, note: (text: string) => void notes.push(text) } };
  const runner = home.runner({ inspect: "keeper.0" });
  const { attached } = await runner.apply(program, context);
  try {
    expect(notes).toEqual([expect.stringMatching(/^keeper\.0 is inspected at ws:\/\/127\.0\.0\.1:\d+\/[\w-]+$/)]);
    const inspector = await Debugger.open(notes[0]!.split(" ").at(-1)!);
    await inspector.ask("Debugger.enable");
    const { params: script } = await inspector.hears(
      ({ method, params }) => method === "Debugger.scriptParsed" && params.url.endsWith("/app.mjs"),
    );

    // What a debugger does with the map: the file that the user has open, and its place in the code.
    const map = JSON.parse(readFileSync(new URL(script.sourceMapURL, script.url), "utf8"));
    const root = new URL(map.sourceRoot, script.url);
    const own = pathToFileURL(fixture("keeper.ts")).href;
    const index = map.sources.findIndex((source: string) => new URL(source, root).href === own);
    expect(index).toBeGreaterThanOrEqual(0);
    const wanted = readFileSync(fixture("keeper.ts"), "utf8")
      .split("\n")
      .findIndex((line) => line.includes("stops here"));
    const sourceMap = new SourceMap(map);
    const lineOf = (generated: number, column: number) => {
      const entry = sourceMap.findEntry(generated, column);
      return "originalLine" in entry && entry.originalSource === map.sources[index] ? entry.originalLine : undefined;
    };
    const code = readFileSync(new URL(script.url), "utf8").split("\n");
    const generated = code.findIndex((line, number) => lineOf(number, line.search(/\S|$/)) === wanted);
    const { breakpointId } = await inspector.ask("Debugger.setBreakpointByUrl", {
      url: script.url,
      lineNumber: generated,
    });
    expect(breakpointId).toBeTypeOf("string");

    const doubling = home.call(runner, "keeper", "keeper", "double", 21);
    const { params: stop } = await inspector.hears(({ method }) => method === "Debugger.paused");
    expect(stop.hitBreakpoints).toEqual([breakpointId]);
    const { lineNumber, columnNumber } = stop.callFrames[0].location;
    expect(lineOf(lineNumber, columnNumber)).toBe(wanted);
    const input = await inspector.ask("Debugger.evaluateOnCallFrame", {
      callFrameId: stop.callFrames[0].callFrameId,
      expression: "n",
    });
    expect(input.result.value).toBe(21);
    await inspector.ask("Debugger.resume");
    expect(await doubling).toBe(42);
    inspector.close();
  } finally {
    await attached?.[Symbol.asyncDispose]();
  }
});

test("NODE_OPTIONS reaches replicas", async () => {
  const runner = home.runner({ env: { ...home.env, NODE_OPTIONS: "--no-deprecation" } });
  const { attached } = await runner.apply(program, home.context);
  expect(await home.call(runner, "keeper", "keeper", "options")).toBe("--no-deprecation");
  await attached?.[Symbol.asyncDispose]();
});

test.each([
  ["kepeer", 'there is no such service. Did you mean "keeper"? There are keeper, stranger'],
  ["keeper.1", '"keeper" has the replica 0'],
])("--inspect=%s is wrong use", (named, message) => {
  expect(() => toInspected(named, program.topology.services)).toThrow(
    expect.objectContaining({ code: "WRONG_USE", message: expect.stringContaining(message) }),
  );
});
