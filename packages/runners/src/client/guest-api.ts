import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Terminal } from "@hadron/core/cli/shared";
import { HadronError } from "@hadron/core/spi";

/** What of `@hadron/wasm` is used here. It is the project's own: an app without modules has none. */
interface GuestApi {
  readonly GUEST_LANGUAGES: readonly string[];
  printGuestApi(language: string): string;
}

const LANGUAGES = ["c", "rust", "ts"];

/** Whether the words ask for the guest API, and not for a service that happens to be called so. */
export function asksForGuestApi(words: readonly string[]): boolean {
  return words[0] === "guest-api" && (words.length === 1 || (words.length === 2 && !/^[[{"]/.test(words[1] ?? "")));
}

/**
 * `guest-api c|rust|ts` prints what a module of WebAssembly is written against. WRONG_USE without a language, or where
 * `@hadron/wasm` is not installed in this folder.
 */
export async function guestApi(
  [, language]: readonly string[],
  { terminal, cwd }: { readonly terminal: Terminal; readonly cwd: string },
): Promise<number> {
  if (language === undefined || !LANGUAGES.includes(language)) {
    throw new HadronError("WRONG_USE", `The guest API for which language? There are ${LANGUAGES.join(", ")}.`);
  }
  const { printGuestApi } = await load(cwd);
  terminal.out(printGuestApi(language).trimEnd());
  return 0;
}

async function load(cwd: string): Promise<GuestApi> {
  const name = "@hadron/wasm/guest-api";
  for (const from of [join(cwd, "client.ts"), import.meta.url]) {
    try {
      return (await import(pathToFileURL(createRequire(from).resolve(name)).href)) as GuestApi;
    } catch (error) {
      const isAbsent = error instanceof Error && "code" in error && error.code === "MODULE_NOT_FOUND";
      if (!isAbsent) throw error;
    }
  }
  throw new HadronError("WRONG_USE", "The guest API comes with @hadron/wasm: npm install @hadron/wasm");
}
