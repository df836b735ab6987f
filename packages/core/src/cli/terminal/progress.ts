import type { Progress } from "../../runner.ts";
import type { Terminal } from "./terminal.ts";

export interface ShownProgress extends Progress {
  /** Takes the steps from the screen; what was noted stays. */
  done(): void;
}

/** Shows nothing. */
export const quietProgress: ShownProgress = { step() {}, note() {}, done() {} };

/** Shows progress on stderr: one small region that is written anew on a screen, a line each elsewhere. */
export function showProgress(terminal: Terminal): ShownProgress {
  return terminal.live ? liveProgress(terminal) : plainProgress(terminal);
}

/** How often a subject gets a line of its own, where lines stay. */
const LINE_MS = 1000;

function plainProgress(terminal: Terminal): ShownProgress {
  const shown = new Map<string, { detail: string; at: number; held: boolean }>();
  let timer: NodeJS.Timeout | undefined;
  /** What came too soon after the last line of its subject is shown late, since nothing may come after it. */
  const showHeld = () => {
    clearTimeout(timer);
    timer = undefined;
    for (const [subject, step] of shown) {
      if (!step.held) continue;
      terminal.err(`${subject}: ${step.detail}`);
      Object.assign(step, { held: false, at: performance.now() });
    }
  };
  return {
    step(subject, detail) {
      const last = shown.get(subject);
      if (last?.detail === detail) return;
      if (last !== undefined && performance.now() - last.at < LINE_MS) {
        last.detail = detail;
        last.held = true;
        timer ??= setTimeout(showHeld, LINE_MS).unref();
        return;
      }
      shown.set(subject, { detail, at: performance.now(), held: false });
      terminal.err(`${subject}: ${detail}`);
    },
    note: (text) => terminal.err(text),
    done() {
      showHeld();
      shown.clear();
    },
  };
}

/** How often the region is written at most: people read no faster. */
const REDRAW_MS = 100;
const MOST_LINES = 12;

/**
 * Each frame is one write that goes over the last one, line by line: what is erased first flickers. Nothing is written where
 * nothing changed.
 */
function liveProgress(terminal: Terminal): ShownProgress {
  const { stderr } = terminal;
  const steps = new Map<string, string>();
  let shown: readonly string[] = [];
  let timer: NodeJS.Timeout | undefined;

  const region = () => {
    // A line that wraps would take two, and the region could not be found again.
    const columns = (stderr.columns || 80) - 1;
    const most = Math.max(1, Math.min(MOST_LINES, (stderr.rows || 24) - 2));
    return [...steps].slice(-most).map(([subject, detail]) => {
      const head = subject.slice(0, columns);
      const rest = detail.replaceAll(/\s+/g, " ").slice(0, Math.max(0, columns - head.length - 1));
      return `${terminal.paint("cyan", head)} ${rest}`;
    });
  };
  /** Writes lines that stay, and the region below them. */
  const draw = (staying: readonly string[] = []) => {
    clearTimeout(timer);
    timer = undefined;
    const lines = region();
    const isSame = lines.length === shown.length && lines.every((line, index) => line === shown[index]);
    if (isSame && staying.length === 0) return;
    const up = shown.length > 0 ? `\x1b[${shown.length}A\r` : "";
    const written = [...staying, ...lines].map((line) => `${line}\x1b[K\n`).join("");
    // Only where the last region reached further down is something left to erase.
    const erase = staying.length + lines.length < shown.length ? "\x1b[J" : "";
    shown = lines;
    stderr.write(up + written + erase);
  };
  return {
    step(subject, detail) {
      // The newest is last, so that what is cut off is what has not moved for the longest.
      steps.delete(subject);
      steps.set(subject, detail);
      timer ??= setTimeout(draw, REDRAW_MS).unref();
    },
    note: (text) => draw(text.split("\n")),
    done() {
      steps.clear();
      draw();
    },
  };
}
