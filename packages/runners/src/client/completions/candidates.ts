import { COMMON_FLAGS, type Flag, VERBS } from "@hadron/core/cli/shared";

/** A service that runs, and can be called. */
export interface Offered {
  readonly name: string;
  readonly procedures: readonly string[];
}

/** What completions are made of. */
export interface Knowledge {
  /** The client's own flags, and those of runners. */
  readonly clientFlags: readonly Flag[];
  readonly runnerFlags: readonly Flag[];
  readonly runners: readonly string[];
  /** What runs. Asked only where a service or a procedure may stand. */
  readonly services: () => Promise<readonly Offered[]>;
}

/**
 * What may stand at the end of a command line, whose last word is what was typed of it so far. Nothing where the line is none of
 * ours: `hadron …`, `npx hadron …`, `tsx FILE …`, `npx tsx FILE …`, with client.ts as the client.
 */
export async function candidates(line: readonly string[], knowledge: Knowledge): Promise<readonly string[]> {
  const command = readCommand(line);
  if (command === undefined) return [];
  const typed = command.words.at(-1) ?? "";
  const before = command.words.slice(0, -1);
  const all = await (command.isClient ? ofClient(before, typed, knowledge) : ofApp(before, typed, knowledge));
  return [...new Set(all)].filter((word) => word.startsWith(typed));
}

/** The words behind the command, the unfinished one last; undefined where there are none, or it is another's. */
function readCommand(
  line: readonly string[],
): { readonly isClient: boolean; readonly words: readonly string[] } | undefined {
  const [program, ...rest] = line[0] === "npx" ? line.slice(1) : line;
  if (rest.length === 0) return undefined;
  if (/(?:^|\/)hadron$/.test(program ?? "")) return { isClient: true, words: rest };
  if (!/(?:^|\/)tsx$/.test(program ?? "") || rest.length < 2 || rest[0]?.startsWith("-")) return undefined;
  return { isClient: /(?:^|\/)client\.ts$/.test(rest[0] ?? ""), words: rest.slice(1) };
}

async function ofClient(before: readonly string[], typed: string, knowledge: Knowledge): Promise<readonly string[]> {
  const flags = [...knowledge.clientFlags, ...knowledge.runnerFlags];
  if (typed.startsWith("-")) return flagWords(flags, typed, knowledge);
  const [service, ...more] = wordsIn(before);
  if (service === "completions") return more.length === 0 ? ["bash", "zsh", "fish"] : [];
  if (service === "guest-api") return more.length === 0 ? ["c", "rust", "ts"] : [];
  if (service === undefined) {
    return [...(await knowledge.services()).map(({ name }) => name), "completions", "guest-api"];
  }
  return more.length === 0 ? proceduresOf(service, knowledge) : [];
}

async function ofApp(before: readonly string[], typed: string, knowledge: Knowledge): Promise<readonly string[]> {
  const [name, ...more] = wordsIn(before);
  const verb = VERBS.find((verb) => verb.name === name);
  if (typed.startsWith("-")) {
    return flagWords([...COMMON_FLAGS, ...knowledge.runnerFlags, ...(verb?.flags ?? [])], typed, knowledge);
  }
  if (name === undefined) return VERBS.map((verb) => verb.name);
  // A verb whose first word is a service says so in its words.
  if (!/^\[?SERVICE/.test(verb?.words ?? "")) return [];
  const [service, ...others] = more;
  if (service === undefined) return (await knowledge.services()).map(({ name }) => name);
  return name === "call" && others.length === 0 ? proceduresOf(service, knowledge) : [];
}

async function proceduresOf(service: string, { services }: Knowledge): Promise<readonly string[]> {
  return (await services()).find(({ name }) => name === service)?.procedures ?? [];
}

function flagWords(flags: readonly Flag[], typed: string, { runners }: Knowledge): readonly string[] {
  if (typed.startsWith("--runner=")) return runners.map((name) => `--runner=${name}`);
  return flags.map(({ name, value }) => (value === undefined ? `--${name}` : `--${name}=`));
}

function wordsIn(typed: readonly string[]): readonly string[] {
  return typed.filter((word) => !word.startsWith("-"));
}
