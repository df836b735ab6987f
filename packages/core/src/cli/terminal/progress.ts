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
  const shown = new Map<string, { detail: string; readonly at: number; held: boolean }>();
  return {
    step(subject, detail) {
      const last = shown.get(subject);
      if (last?.detail === detail) return;
      if (last !== undefined && performance.now() - last.at < LINE_MS) {
        last.detail = detail;
        last.held = true;
        return;
      }
      shown.set(subject, { detail, at: performance.now(), held: false });
      terminal.err(`${subject}: ${detail}`);
    },
    note: (text) => terminal.err(text),
    done() {
      for (const [subject, { detail, held }] of shown) if (held) terminal.err(`${subject}: ${detail}`);
      shown.clear();
    },
  };
}

/** How often the region is written at most. */
const REDRAW_MS = 40;
const MOST_LINES = 12;

function liveProgress(terminal: Terminal): ShownProgress {
  const { stderr } = terminal;
  const steps = new Map<string, string>();
  let shown = 0;
  let timer: NodeJS.Timeout | undefined;

  const clear = () => {
    if (shown > 0) stderr.write(`\x1b[${shown}A\r\x1b[J`);
    shown = 0;
  };
  const draw = () => {
    clearTimeout(timer);
    timer = undefined;
    clear();
    // A line that wraps would take two, and the region could not be found again.
    const columns = (stderr.columns || 80) - 1;
    const most = Math.max(1, Math.min(MOST_LINES, (stderr.rows || 24) - 2));
    const lines = [...steps].slice(-most).map(([subject, detail]) => {
      const head = subject.slice(0, columns);
      return `${terminal.paint("cyan", head)} ${detail.replaceAll(/\s+/g, " ").slice(0, Math.max(0, columns - head.length - 1))}`;
    });
    shown = lines.length;
    if (shown > 0) stderr.write(`${lines.join("\n")}\n`);
  };
  return {
    step(subject, detail) {
      // The newest is last, so that what is cut off is what has not moved for the longest.
      steps.delete(subject);
      steps.set(subject, detail);
      timer ??= setTimeout(draw, REDRAW_MS).unref();
    },
    note(text) {
      clear();
      terminal.err(text);
      draw();
    },
    done() {
      clearTimeout(timer);
      timer = undefined;
      steps.clear();
      clear();
    },
  };
}
