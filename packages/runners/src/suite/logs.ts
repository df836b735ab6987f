import { expect, test } from "vitest";
import { eventually } from "./eventually.ts";
import type { Rig } from "./rig.ts";

/** What replicas have written, and write. */
export function describeLogs(rig: Rig): void {
  const { app, context } = rig;
  test("logs are merged, say whose they are, and can be narrowed to one service", async () => {
    const read = async (service: string | undefined) => {
      const lines = [];
      for await (const line of rig.other.logs(app, { service, follow: false }, context)) lines.push(line);
      return lines;
    };
    const all = await eventually(async () => {
      const lines = await read(undefined);
      const ready = lines.filter(({ line }) => line.includes('"event":"ready"'));
      return new Set(ready.map(({ replica }) => replica)).size === 3 ? lines : undefined;
    });
    expect(new Set(all.map(({ service }) => service))).toEqual(new Set(["front", "back"]));
    for (const { time, service, replica } of all) {
      expect(new Date(time).toISOString()).toBe(time);
      expect(replica.startsWith(service)).toBe(true);
    }
    expect(new Set((await read("back")).map(({ service }) => service))).toEqual(new Set(["back"]));
  });

  test("logs go on where they are followed, until the signal aborts", async () => {
    const over = new AbortController();
    const words = `now ${Math.random()}`;
    const followed = (async () => {
      for await (const line of rig.other.logs(
        app,
        { service: "front", follow: true },
        { ...context, signal: over.signal },
      )) {
        if (line.line.includes(words)) return line;
      }
      return undefined;
    })();
    let said = false;
    // A follower may need a moment until it hears: said until it did.
    const saying = (async () => {
      while (!said) {
        await rig.call("front", "say", words);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    })();
    const line = await followed;
    said = true;
    await saying;
    over.abort();
    expect(line).toMatchObject({ service: "front" });
  });
}
