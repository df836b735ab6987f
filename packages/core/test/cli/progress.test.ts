import { expect, test, vi } from "vitest";
import { showProgress } from "../../src/cli/terminal/progress.ts";
import { createTerminal } from "../../src/cli/terminal/terminal.ts";
import { Kept } from "./command-rig.ts";

function shown(screen: boolean) {
  const stderr = new Kept();
  stderr.isTTY = screen;
  stderr.columns = 30;
  return { stderr, progress: showProgress(createTerminal(new Kept(), stderr, { NO_COLOR: "1" }, () => {})) };
}

test("where lines stay, a subject that changes quickly gets its first line and its last", () => {
  const { stderr, progress } = shown(false);
  for (let ready = 0; ready <= 100; ready++) progress.step("replicas", `${ready} of 100 ready`);
  progress.step("network", "there");
  progress.note("a base image was pulled");
  progress.done();
  expect(stderr.text).toBe(
    "replicas: 0 of 100 ready\nnetwork: there\na base image was pulled\nreplicas: 100 of 100 ready\n",
  );
});

test("where lines stay, a step that comes soon after another is shown though none comes after it", () => {
  vi.useFakeTimers();
  try {
    const { stderr, progress } = shown(false);
    progress.step("redis", "0 of 1 ready");
    progress.step("redis", "waiting for a line of its log");
    expect(stderr.text).toBe("redis: 0 of 1 ready\n");
    vi.advanceTimersByTime(1000);
    expect(stderr.text).toBe("redis: 0 of 1 ready\nredis: waiting for a line of its log\n");
    progress.done();
    expect(stderr.text.split("\n")).toHaveLength(3);
  } finally {
    vi.useRealTimers();
  }
});

/** A control sequence, or a character. */
const PIECES = /\p{Cc}\[(\d*[A-Za-z])|([\P{Cc}\r\n])/gu;

/** What a screen shows after each write: as much of a terminal as progress needs. */
class Screen extends Kept {
  override isTTY = true;
  readonly frames: string[][] = [];
  readonly #lines: string[] = [""];
  #row = 0;

  override write(text: string): boolean {
    for (const [, sequence, plain] of text.matchAll(PIECES)) {
      if (plain === "\n") this.#lines[++this.#row] ??= "";
      else if (plain === "\r") this.#column = 0;
      else if (plain !== undefined) this.#put(plain);
      else if (sequence === "K") this.#lines[this.#row] = (this.#lines[this.#row] ?? "").slice(0, this.#column);
      else if (sequence === "J") this.#lines.splice(this.#row, Number.POSITIVE_INFINITY, "");
      else if (sequence?.endsWith("A")) this.#row -= Number.parseInt(sequence, 10);
      if (plain === "\n") this.#column = 0;
    }
    this.frames.push(this.#lines.filter((line) => line !== ""));
    return super.write(text);
  }

  #column = 0;
  #put(character: string): void {
    const line = this.#lines[this.#row] ?? "";
    this.#lines[this.#row] = line.slice(0, this.#column) + character + line.slice(++this.#column);
  }
}

test("on a screen notes stay above the steps, no line is wider, and no frame is empty in between", async () => {
  const screen = new Screen();
  screen.columns = 30;
  const progress = showProgress(createTerminal(new Kept(), screen, { NO_COLOR: "1" }, () => {}));
  progress.step("image", "x".repeat(100));
  progress.step("network", "there");
  await screen.has("image");
  progress.note("a note");
  progress.step("network", "gone");
  await screen.has("gone");
  progress.done();
  const image = `image ${"x".repeat(23)}`;
  expect(screen.frames).toEqual([
    [image, "network there"],
    ["a note", image, "network there"],
    ["a note", image, "network gone"],
    ["a note"],
  ]);
  // Each line is written over: nothing is erased first.
  expect(screen.text.split("\x1b[J")).toHaveLength(2);
});

test("on a screen nothing is written where nothing changed, and at most every 100 ms", () => {
  vi.useFakeTimers();
  try {
    const screen = new Screen();
    const progress = showProgress(createTerminal(new Kept(), screen, {}, () => {}));
    for (let ready = 0; ready <= 100; ready++) {
      progress.step("replicas", `${ready} of 100 ready`);
      vi.advanceTimersByTime(10);
    }
    expect(screen.frames.length).toBeGreaterThan(5);
    expect(screen.frames.length).toBeLessThanOrEqual(10);
    vi.advanceTimersByTime(200);
    const { length } = screen.frames;
    progress.step("replicas", "100 of 100 ready");
    vi.advanceTimersByTime(1000);
    expect(screen.frames).toHaveLength(length);
  } finally {
    vi.useRealTimers();
  }
});
