import type { LogLine } from "../../runner.ts";
import type { Colour } from "./terminal.ts";

type Paint = (colour: Colour, text: string) => string;

const SERVICE_COLOURS: readonly Colour[] = ["cyan", "green", "magenta", "yellow", "blue"];
const LEVEL_COLOURS: Readonly<Record<string, Colour>> = { error: "red", warn: "yellow", debug: "dim" };
const WIDEST = 40;

/**
 * Shows log lines to people: behind the replica that wrote them, structured ones as time, level, message and fields. What has
 * several lines, such as the stack of an error, stands below, a line each.
 */
export function createLogView(paint: Paint): (line: LogLine) => string {
  const colours = new Map<string, Colour>();
  let width = 0;
  return ({ service, replica, line }) => {
    const colour = colours.get(service) ?? SERVICE_COLOURS[colours.size % SERVICE_COLOURS.length] ?? "cyan";
    colours.set(service, colour);
    width = Math.min(WIDEST, Math.max(width, replica.length));
    const prefix = paint(colour, `${replica.padEnd(width)} |`);
    return readable(line, paint)
      .map((text) => `${prefix} ${text}`.trimEnd())
      .join("\n");
  };
}

/** What a structured line says; undefined for any other. */
export function parseLogLine(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const record: unknown = JSON.parse(line);
    return typeof record === "object" && record !== null ? (record as Record<string, unknown>) : undefined;
  } catch {
    return undefined; // It only looked like one: shown as it is.
  }
}

/** A line of the log as lines for people: what was said, and below it, indented, what takes more than one. */
function readable(line: string, paint: Paint): readonly string[] {
  const record = parseLogLine(line);
  if (typeof record?.level !== "string" || typeof record.message !== "string") return [line];
  const { time, level, message, replica: _, ...fields } = record;
  const clock = typeof time === "string" ? (/T(\d\d:\d\d:\d\d(?:\.\d+)?)/.exec(time)?.[1] ?? time) : "";
  const colour = LEVEL_COLOURS[level];
  const [first = "", ...rest] = message.split(LINE_BREAK);
  const head = [paint("dim", clock), colour === undefined ? level.padEnd(5) : paint(colour, level.padEnd(5)), first];
  const below = rest.map((text) => `  ${text}`);
  for (const [key, value] of Object.entries(fields)) {
    const [start = "", ...more] = typeof value === "string" ? value.split(LINE_BREAK) : [];
    if (more.length === 0) head.push(paint("dim", `${key}=`) + show(value));
    else below.push(`  ${paint("dim", `${key}:`)} ${start}`, ...more.map((text) => `  ${text}`));
  }
  return [head.filter((part) => part !== "").join(" "), ...below];
}

const LINE_BREAK = /\r?\n/;

function show(value: unknown): string {
  if (typeof value === "string") return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  return JSON.stringify(value) ?? "null";
}
