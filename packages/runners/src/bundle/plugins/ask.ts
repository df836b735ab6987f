import type { OnResolveArgs, PluginBuild, ResolveResult } from "esbuild";

const ASKED = Symbol("asked");

/**
 * Where an import leads without the plugin that asks, and without any other that asks so; undefined where this is such a
 * question itself, or leads nowhere, which esbuild then says.
 */
export async function ask(build: PluginBuild, args: OnResolveArgs): Promise<ResolveResult | undefined> {
  if (args.pluginData === ASKED) return undefined;
  const { path, importer, kind, namespace, resolveDir } = args;
  return build.resolve(path, { importer, kind, namespace, resolveDir, with: args.with, pluginData: ASKED });
}

/** A text as the part of a pattern that matches it. */
export function escapeText(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}
