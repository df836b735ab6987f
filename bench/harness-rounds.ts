import { setTimeout as sleep } from "node:timers/promises";
import { cpuMs } from "./harness-cpu.ts";
import type { Driven } from "./harness-drive.ts";

/** One side under load. */
export interface Load {
  /** Loads the side for so long. */
  readonly run: (ms: number) => Promise<Driven>;
  /** The processes whose CPU time counts. */
  readonly pids: readonly number[];
}

export interface Sample extends Driven {
  /** CPU time of all the side's processes; NaN where the system does not tell. */
  readonly cpuMs: number;
  readonly latencies: readonly number[];
}

export interface CompareOptions {
  /** @default 11 */
  readonly rounds?: number;
  /** @default 400 */
  readonly roundMs?: number;
  /** For each side, at least; up to ten times as long for one that has not answered `warmCalls` by then. @default 1200 */
  readonly warmMs?: number;
  /** So many calls, and the machine code is the one that stays. @default 2000 */
  readonly warmCalls?: number;
  /** After so long no further round is begun, if three are over: on a machine that has no time for us. @default 25000 */
  readonly budgetMs?: number;
}

/** The samples of each side, round by round. */
export class Rounds<Name extends string> {
  readonly samples: Readonly<Record<Name, readonly Sample[]>>;

  constructor(samples: Readonly<Record<Name, readonly Sample[]>>) {
    this.samples = samples;
  }

  /** Any figure of one side over the other's, round by round. */
  ratios(one: Name, other: Name, figure: (sample: Sample) => number): readonly number[] {
    return this.samples[one].map((sample, round) => figure(sample) / figure(this.samples[other][round]!));
  }

  /** How many calls of each side were answered OVERLOADED, of the sides of which some were. */
  refused(): readonly (readonly [name: string, calls: number])[] {
    const sums = Object.entries<readonly Sample[]>(this.samples).map(
      ([name, samples]) => [name, samples.reduce((sum, one) => sum + one.refused, 0)] as const,
    );
    return sums.filter(([, calls]) => calls > 0);
  }

  /** Calls a second of one side, over the other's. */
  speed(one: Name, other: Name): readonly number[] {
    return this.ratios(one, other, ({ calls, ms }) => calls / ms);
  }

  /** CPU time a call of one side, over the other's. */
  cpu(one: Name, other: Name): readonly number[] {
    return this.ratios(one, other, ({ calls, cpuMs }) => cpuMs / calls);
  }
}

/** Runs all sides in turn, in changing order, so that whatever else the machine does meets them alike. */
export async function compare<Name extends string>(
  sides: Readonly<Record<Name, Load>>,
  { rounds = 11, roundMs = 400, warmMs = 1200, warmCalls = 2000, budgetMs = 25_000 }: CompareOptions = {},
): Promise<Rounds<Name>> {
  const names = Object.keys(sides) as Name[];
  const samples = Object.fromEntries(names.map((name) => [name, [] as Sample[]])) as Record<Name, Sample[]>;
  for (const name of names) await warm(sides[name], warmMs, warmCalls);
  const until = performance.now() + budgetMs;
  for (let round = 0; round < rounds && (round < 3 || performance.now() < until); round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      samples[name].push(await sample(sides[name], roundMs));
      await sleep(10);
    }
  }
  if (process.env.BENCH_VERBOSE === "1") for (const name of names) console.error(describe(name, samples[name]));
  return new Rounds(samples);
}

async function warm(load: Load, ms: number, least: number): Promise<void> {
  let calls = 0;
  for (let turn = 0; turn < 10 && calls < least; turn++) calls += (await load.run(ms)).calls;
}

async function sample(load: Load, ms: number): Promise<Sample> {
  const before = cpuMs(load.pids);
  const { calls, ms: took, refused, latencies = [] } = await load.run(ms);
  const after = cpuMs(load.pids);
  if (calls === 0) throw new Error(`A side answered no call in ${Math.round(took)} ms.`);
  return {
    calls,
    ms: took,
    refused,
    cpuMs: before === undefined || after === undefined ? Number.NaN : after - before,
    latencies,
  };
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

/** For whoever looks for the reason of a ratio. */
function describe(name: string, samples: readonly Sample[]): string {
  const perSecond = median(samples.map(({ calls, ms }) => (calls / ms) * 1000));
  const cpu = median(samples.map(({ calls, cpuMs }) => (cpuMs / calls) * 1000));
  return `${name}: ${Math.round(perSecond)} calls/s, ${cpu.toFixed(1)} µs CPU a call`;
}
