import { HadronError } from "@hadron/core/spi";
import type { BuildFailure, Message } from "esbuild";

const SHOWN = 5;

/** Turns what esbuild throws into one error that shows where. */
export function toBundleError(entry: string, cause: unknown): HadronError {
  const errors = (cause as Partial<BuildFailure>)?.errors ?? [];
  if (errors.length === 0) {
    const message = cause instanceof Error ? cause.message : String(cause);
    return new HadronError("RUNNER_FAILED", `${entry} could not be bundled: ${message}`, { cause });
  }
  const shown = errors.slice(0, SHOWN).map(show);
  if (errors.length > SHOWN) shown.push(`… and ${errors.length - SHOWN} more`);
  return new HadronError("RUNNER_FAILED", `${entry} could not be bundled.\n\n${shown.join("\n\n")}`, { cause });
}

function show({ text, location, notes }: Message): string {
  const said = [text, ...notes.map((note) => note.text).filter(Boolean)];
  if (location === null) return said.join("\n");
  const { file, line, column, lineText, length } = location;
  // As editors count: columns from 1.
  return [
    `${file}:${line}:${column + 1}: ${said[0]}`,
    `  ${lineText}`,
    `  ${lineText.slice(0, column).replaceAll(/[^\t]/g, " ")}${"^".repeat(Math.max(1, Math.min(length, lineText.length - column)))}`,
    ...said.slice(1).map((one) => `  ${one}`),
  ].join("\n");
}
