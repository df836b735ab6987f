import type { TakenAlong } from "@hadron/core/spi";
import type { Layout } from "./layout.ts";

/** A layout for people. Links are not shown: what they lead to is. */
export function describeLayout({ entries }: Layout): readonly TakenAlong[] {
  return entries.flatMap((entry) => {
    const { path, layer, because } = entry;
    if (entry.kind === "link") return [];
    return { path, bytes: entry.kind === "taken" ? entry.bytes : entry.content.byteLength, layer, because };
  });
}
