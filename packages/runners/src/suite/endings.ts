import { HadronError } from "@hadron/core/spi";
import { expect, test } from "vitest";
import { eventually } from "./eventually.ts";
import type { Rig } from "./rig.ts";

/** What ends, what it is told, and what of it is kept. */
export function describeEndings(rig: Rig): void {
  const { app, context, name, suite } = rig;
  test("delete leaves nothing, and may be said again", async () => {
    expect(await rig.runner.delete(app, { data: true }, context)).toEqual({ left: [], kept: [] });
    expect(await rig.other.status(app, context)).toEqual({ app, runner: name, revision: null, services: [] });
    expect((await rig.other.list(context)).filter((running) => running.app === app)).toEqual([]);
    expect(await rig.other.delete(app, { data: true }, context)).toEqual({ left: [], kept: [] });
  });

  test("a replica that is to end while it starts is told so, waited for, and disposed of", async () => {
    const stopped = new AbortController();
    const applied = rig.runner.apply(rig.late, { ...context, signal: stopped.signal }).then(
      () => "ready",
      () => "interrupted",
    );
    const lines: string[] = [];
    let deleted: Promise<unknown> | undefined;
    await eventually(async () => {
      try {
        for await (const { line } of rig.other.logs(app, { service: "late", follow: true }, context)) {
          lines.push(line);
          if (line === "late: disposed of") return true;
          if (line !== "late: starts") continue;
          stopped.abort(new HadronError("CANCELLED", "The command was stopped."));
          // What an interrupted apply leaves is ended by delete.
          deleted = applied.then(() => rig.runner.delete(app, { data: true }, context));
        }
      } catch {
        // There is nothing of it yet.
      }
      return undefined;
    });
    expect(lines).toContain("late: CANCELLED");
    expect(await deleted).toMatchObject({ left: [] });
    expect(await applied).toBe("interrupted");
  });

  test.skipIf(suite.keepsData === false)(
    "delete keeps what was stored, and says what; the next apply finds it, and only with data it goes",
    async () => {
      const write = () => rig.call("book", "book", { line: "one" });
      await rig.runner.apply(rig.notes, context);
      expect(await write()).toBe("one\n");
      const { left, kept } = await rig.other.delete(app, { data: false }, context);
      expect(left).toEqual([]);
      expect(kept.map(({ service }) => service)).toEqual(["notes", "notes"]);
      for (const { bytes } of kept) expect(bytes ?? 0).toBeGreaterThanOrEqual(0);
      expect((await rig.runner.status(app, context)).services).toEqual([]);
      const names = (all: typeof kept) => all.map(({ kind, name }) => `${kind} ${name}`);
      const again = await rig.runner.delete(app, { data: false }, context);
      expect([again.left, names(again.kept)]).toEqual([[], names(kept)]);
      expect(names(await rig.other.data(app, context))).toEqual(names(kept));

      await rig.runner.apply(rig.notes, context);
      expect(await write()).toBe("one\none\n");
      expect(await rig.other.delete(app, { data: true }, context)).toEqual({ left: [], kept: [] });
      expect(await rig.runner.data(app, context)).toEqual([]);
      await rig.runner.apply(rig.notes, context);
      expect(await write()).toBe("one\n");
      expect(await rig.other.delete(app, { data: true }, context)).toEqual({ left: [], kept: [] });
    },
  );
}
