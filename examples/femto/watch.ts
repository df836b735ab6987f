import { setTimeout as sleep } from "node:timers/promises";
import type { RunResult } from "@hadron/femto-cpu";
import type { FoundMachine } from "./find-machine.ts";
import { painter, renderLine, renderScene, type Scene } from "./view.ts";

export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

export interface WatchOptions {
  readonly file: string;
  readonly source: string;
  readonly maxSteps: number;
  /** How long each step stays on the screen. */
  readonly delayMs: number;
  readonly screen: Screen;
  readonly colours: boolean;
  readonly signal: AbortSignal;
}

const TRAIL = 15;
const SCENE_ROWS = 21;
const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";
const CLEAR_LINE = "\x1b[K";

/**
 * Runs a program step by step, each one done by its node while its name is on the screen: the machine at rest goes in,
 * one step is done, and the machine comes out. Returns the end as `run` would.
 */
export async function watch(machine: FoundMachine, options: WatchOptions): Promise<RunResult> {
  const { file, source, maxSteps, delayMs, screen, colours, signal } = options;
  const program = await machine.assemble({ source });
  let result = await rest(machine, { source, maxSteps: 0 });
  let before = result.memory;
  let trail: string[] = [];
  let steps = 0;
  const lines = source.split(/\r\n|\n|\r/);
  const scene = (): Scene => ({ file, source: lines, program, result, steps, before, trail });
  // A scene that does not fit cannot be drawn over the last one.
  const live = screen.isTTY === true && (screen.columns ?? 0) >= 80 && (screen.rows ?? 0) > SCENE_ROWS;
  const show = live ? createPainter(screen, colours) : (one: Scene) => void screen.write(`${renderLine(one)}\n`);
  if (live) screen.write(HIDE_CURSOR);
  try {
    show(scene());
    while (result.state === "running" && steps < maxSteps) {
      if (live) await sleep(delayMs, undefined, { signal });
      const node = result.next;
      const { memory, registers, flags } = result;
      result = await rest(machine, { from: { memory, registers, flags }, maxSteps: 1 });
      before = memory;
      if (result.steps === 1) {
        steps += 1;
        if (node !== null) trail = [node, ...trail].slice(0, TRAIL);
      }
      show(scene());
    }
  } finally {
    if (live) screen.write(SHOW_CURSOR);
  }
  return { ...result, steps };
}

async function rest(machine: FoundMachine, input: Parameters<FoundMachine["run"]>[0]): Promise<Required<RunResult>> {
  return (await machine.run({ ...input, detail: true })) as Required<RunResult>;
}

/** Draws each scene over the last one. */
function createPainter(screen: Screen, colours: boolean): (scene: Scene) => void {
  let height = 0;
  return (scene) => {
    const lines = renderScene(scene, painter(colours));
    const up = height > 0 ? `\x1b[${height}A\r` : "";
    screen.write(up + lines.map((line) => `${line}${CLEAR_LINE}\n`).join(""));
    height = lines.length;
  };
}
