import type { LogLine } from "../../runner.ts";
import type { Colour } from "./terminal.ts";

type Paint = (colour: Colour, text: string) => string;

const SERVICE_COLOURS: readonly Colour[] = ["cyan", "green", "magenta", "yellow", "blue"];
const LEVEL_COLOURS: Readonly<Record<string, Colour>> = { error: "red", warn: "yellow", debug: "dim" };
const WIDEST = 40;

/** Shows log lines to people: behind the replica that wrote them, structured ones as time, level, message and fields. */
export function createLogView(paint: Paint): (line: LogLine) => string {
  const colours = new Map<string, Colour>();
  let width = 0;
  return ({ service, replica, line }) => {
    if (!colours.has(service)) colours.set(service, SERVICE_COLOURS[colours.size % SERVICE_COLOURS.length]!);
    width = Math.min(WIDEST, Math.max(width, replica.length));
    return `${paint(colours.get(service)!, `${replica.padEnd(width)} |`)} ${readable(line, paint)}`;
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

function readable(line: string, paint: Paint): string {
  const record = parseLogLine(line);
  if (typeof record?.level !== "string" || typeof record.message !== "string") return line;
  const { time, level, message, replica: _, ...fields } = record;
  const clock = typeof time === "string" ? (/T(\d\d:\d\d:\d\d(?:\.\d+)?)/.exec(time)?.[1] ?? time) : "";
  const colour = LEVEL_COLOURS[level];
  const parts = [
    paint("dim", clock),
    colour === undefined ? level.padEnd(5) : paint(colour, level.padEnd(5)),
    message,
    ...Object.entries(fields).map(([key, value]) => paint("dim", `${key}=`) + show(value)),
  ];
  return parts.filter((part) => part !== "").join(" ");
}

function show(value: unknown): string {
  if (typeof value === "string") return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  return JSON.stringify(value) ?? "null";
}
