import minimist from "minimist";
import { HadronError } from "../../errors.ts";
import { didYouMean } from "../../nearest.ts";

/** One flag of a command line. */
export interface Flag {
  /** Without dashes. */
  readonly name: string;
  /** What its value is called in `--help`; a flag without one is there or not. */
  readonly value?: string;
  /** Its value may be left out: `--data`, `--data=queue:old`. It is "" then. */
  readonly isOptional?: boolean;
  /** One letter. */
  readonly short?: string;
  readonly help: string;
}

export interface Arguments {
  /** Words that are no flags, always as they were typed. */
  readonly words: readonly string[];
  /** The flags that were given: their value, or "" for one that takes none. */
  readonly flags: Readonly<Record<string, string>>;
}

/**
 * Reads a command line. Every flag is declared and every word stays a string, so that `--app=007` is "007" and `--json`
 * eats no word. Negative numbers are words, and so is all after `--`.
 *
 * WRONG_USE for a flag that there is not, one without its value, one with a value that takes none, and one given twice.
 */
export function parseArguments(argv: readonly string[], flags: readonly Flag[]): Arguments {
  const stop = argv.indexOf("--");
  const own = stop === -1 ? argv : argv.slice(0, stop);
  const after = stop === -1 ? [] : argv.slice(stop);
  check(own, flags);
  const parsed = minimist([...own.map((word) => hide(closed(word, flags))), ...after], {
    string: ["_", ...flags.filter((flag) => flag.value !== undefined).map((flag) => flag.name)],
    boolean: flags.filter((flag) => flag.value === undefined).map((flag) => flag.name),
    alias: Object.fromEntries(flags.flatMap((flag) => (flag.short === undefined ? [] : [[flag.short, flag.name]]))),
  });
  const given: Record<string, string> = {};
  for (const { name, value, isOptional } of flags) {
    const found: unknown = parsed[name];
    if (value === undefined) {
      if (found === true) given[name] = "";
    } else if (found === "" && isOptional !== true) {
      throw new HadronError("WRONG_USE", `--${name} needs a value: --${name}=${value}.`);
    } else if (found !== undefined) {
      given[name] = show(String(found));
    }
  }
  return { words: parsed._.map(show), flags: given };
}

/** The value of one flag, before it is known which others there are; undefined where it is absent or has none. */
export function peekFlag(argv: readonly string[], name: string): string | undefined {
  const found: unknown = minimist([...argv], { string: ["_", name], boolean: ["json", "help", "follow"] })[name];
  return typeof found === "string" && found !== "" ? found : undefined;
}

/** The first flag, without dashes, that is none of these; undefined where all are known. */
export function findUnknownFlag(argv: readonly string[], flags: readonly Flag[]): string | undefined {
  const stop = argv.indexOf("--");
  for (const { name, flag } of typedFlags(stop === -1 ? argv : argv.slice(0, stop), flags)) {
    if (flag === undefined) return name;
  }
  return undefined;
}

/** What minimist lets pass: unknown flags, repeated ones, `--json=5` and `--no-json`. */
function check(argv: readonly string[], flags: readonly Flag[]): void {
  const seen = new Set<string>();
  for (const { word, name, value, flag } of typedFlags(argv, flags)) {
    if (flag === undefined) {
      const names = flags.map((known) => known.name);
      const suggestion = didYouMean(name, names).replace('"', '"--');
      throw new HadronError("WRONG_USE", `There is no flag "${word.split("=")[0]}".${suggestion} --help lists them.`);
    }
    if (seen.has(flag.name)) throw new HadronError("WRONG_USE", `--${flag.name} is given twice; once is enough.`);
    seen.add(flag.name);
    if (value !== undefined && flag.value === undefined) {
      throw new HadronError("WRONG_USE", `--${flag.name} takes no value; leave "=${value}" out.`);
    }
  }
}

interface TypedFlag {
  /** As it was typed. */
  readonly word: string;
  readonly name: string;
  /** What stands behind `=`. */
  readonly value: string | undefined;
  /** undefined: there is none of that name. */
  readonly flag: Flag | undefined;
}

/** The words that are flags, and no values of the flag before them. */
function* typedFlags(argv: readonly string[], flags: readonly Flag[]): Generator<TypedFlag> {
  let awaiting = false;
  for (const word of argv) {
    const isValue = awaiting && !/^--?[^-\d]/.test(word);
    awaiting = false;
    if (isValue || !word.startsWith("-") || word === "-" || isNegative(word)) continue;
    const { name, value } = split(word);
    const flag = flags.find((known) => (word.startsWith("--") ? known.name === name : known.short === name));
    yield { word, name, value, flag };
    awaiting = value === undefined && flag?.value !== undefined && flag.isOptional !== true;
  }
}

function split(word: string): { readonly name: string; readonly value: string | undefined } {
  const [, name = "", value] = /^--?([^=]*)(?:=([\s\S]*))?$/.exec(word) ?? [];
  return { name, value };
}

/** A flag whose value may be left out takes no word behind it for one. */
function closed(word: string, flags: readonly Flag[]): string {
  return flags.some(({ name, isOptional }) => isOptional === true && word === `--${name}`) ? `${word}=` : word;
}

function isNegative(word: string): boolean {
  return /^-\d/.test(word);
}

/**
 * minimist takes -5 for a flag named 5, and `--json false` for one flag although it is two JSON words to us. No argument
 * can hold a NUL, so that one tells ours apart.
 */
function hide(word: string): string {
  return isNegative(word) || word === "true" || word === "false" ? `\0${word}` : word;
}

function show(word: string): string {
  return word.startsWith("\0") ? word.slice(1) : word;
}
