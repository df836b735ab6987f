import { HadronError } from "@hadron/core/spi";
import type { BuildFailure, Message } from "esbuild";

const SHOWN = 5;
/** What esbuild advises is about options that a user of ours does not have. */
const ADVICE_OF_ESBUILD = /mark|external|surround|bundl|esbuild|plugin|"main"|conditions/i;

/** Turns what esbuild throws into one error that shows where, and says what to do. */
export function toBundleError(entry: string, cause: unknown): HadronError {
  const errors = (cause as Partial<BuildFailure>)?.errors ?? [];
  if (errors.length === 0) {
    const message = cause instanceof Error ? cause.message : String(cause);
    return new HadronError("RUNNER_FAILED", `${entry} could not be bundled: ${message}`, { cause });
  }
  const shown = errors.slice(0, SHOWN).map(show);
  if (errors.length > SHOWN) shown.push(`… and ${errors.length - SHOWN} more`);
  return new HadronError("RUNNER_FAILED", `${entry} cannot run as it is.\n\n${shown.join("\n\n")}`);
}

function show({ text, location, notes }: Message): string {
  const [said, advice] = inOurWords(text);
  const more = [advice, ...notes.map((note) => note.text)].filter((one) => one !== "" && !ADVICE_OF_ESBUILD.test(one));
  if (location === null) return [said, ...more].join("\n");
  const { file, line, column, lineText, length } = location;
  // As editors count: columns from 1.
  return [
    `${file}:${line}:${column + 1}: ${said}`,
    `  ${lineText}`,
    `  ${lineText.slice(0, column).replaceAll(/[^\t]/g, " ")}${"^".repeat(Math.max(1, Math.min(length, lineText.length - column)))}`,
    ...more.map((one) => `  ${one}`),
  ].join("\n");
}

function inOurWords(text: string): readonly [said: string, advice: string] {
  const path = /^Could not resolve "(.+)"$/.exec(text)?.[1];
  if (path === undefined) return [text, ""];
  if (/^[./]/.test(path)) return [`There is no "${path}".`, ""];
  const name = /^(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? path;
  return [`The package "${name}" is not installed, or has no "${path}".`, `Install it: npm install ${name}`];
}
