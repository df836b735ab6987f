import { openHost } from "@hadron/core/cli/shared";
import type { RunContext, Runner } from "@hadron/core/spi";

export interface Load {
  readonly calls: number;
  /** Messages of failed calls, and how often each came. */
  readonly failed: Readonly<Record<string, number>>;
  readonly slowestMs: number;
  readonly answers: ReadonlySet<string>;
}

/** Calls a service so many times a second, whatever becomes of the calls, until `work` is done. */
export async function underLoad(
  runner: Runner,
  target: { readonly app: string; readonly service: string; readonly procedure: string; readonly perSecond: number },
  context: RunContext,
  work: () => Promise<unknown>,
): Promise<Load> {
  await using connected = await runner.connect(target.app, context);
  const host = await openHost(target.app, connected.directory);
  const failed: Record<string, number> = {};
  const answers = new Set<string>();
  const going = new Set<Promise<void>>();
  let [calls, slowestMs] = [0, 0];
  const callOnce = async () => {
    const begun = performance.now();
    try {
      answers.add(JSON.stringify(await host.call(target.service, target.procedure, undefined, { timeoutMs: 30_000 })));
    } catch (error) {
      const message = (error as Error).message.replaceAll(/\d+ ms/g, "… ms");
      failed[message] = (failed[message] ?? 0) + 1;
    }
    slowestMs = Math.max(slowestMs, performance.now() - begun);
  };
  const begun = performance.now();
  const timer = setInterval(() => {
    // As many as are due: a timer that comes late must not make the load less.
    for (const due = ((performance.now() - begun) / 1000) * target.perSecond; calls < due; calls++) {
      const one = callOnce().finally(() => going.delete(one));
      going.add(one);
    }
  }, 5);
  try {
    await work();
  } finally {
    clearInterval(timer);
    await Promise.all(going);
    host.close();
  }
  return { calls, failed, slowestMs, answers };
}
