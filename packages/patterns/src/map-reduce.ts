import { HadronError, type Handler, type Output, type Part, type PartOf, procedure } from "@hadron/core";
import { type ChildClient, child, isHadronError, pattern } from "@hadron/core/spi";

/** How {@link mapReduce} shares out its parts. */
export interface MapReduceOptions<I, P, R> {
  /** Makes parts of an input, one after the other: no more of them at once than are worked on. */
  readonly split: (input: I) => Iterable<P> | AsyncIterable<P> | Promise<Iterable<P> | AsyncIterable<P>>;
  /** Works on one part, in a worker. */
  readonly map: PartOf<(part: P, context: any) => R | Promise<R>>;
  /**
   * Makes one result of two. Results come in any order, and so the order must not matter. A function runs where the call is
   * answered; any other part is a service of one replica.
   */
  readonly reduce: PartOf<(pair: [R, R], context: any) => R | Promise<R>>;
  /** How many replicas work. Twice as many parts are under way at once. */
  readonly workers: number;
  /** The result of no parts at all. @default none: such a call fails, FAILED_PRECONDITION */
  readonly initial?: R;
  /** How often a part is tried again that failed in a way that may pass, where `map` is idempotent. @default 2 */
  readonly retries?: number;
}

/**
 * Splits an input, works on its parts side by side, and makes one result of theirs as they come. What is slow is asked of a
 * second worker where `map` is idempotent. The first part that fails for good fails the call, which names it by its place; the others are given up.
 *
 * INVALID_DECLARATION if `map` has more than one procedure, or an option is out of range.
 *
 * @example
 * const words = service("words", mapReduce({
 *   split: (text: string) => text.split("\n"),
 *   map: procedure({ idempotent: true }, (line: string) => line.split(" ").length),
 *   reduce: ([a, b]) => a + b,
 *   workers: 4,
 *   initial: 0,
 * }));
 */
export function mapReduce<I, P, R>(options: MapReduceOptions<I, P, R>): Part<(input: I) => Promise<R>> {
  const { split, map, reduce, workers, retries = 2 } = options;
  if (typeof split !== "function") fail(`split is ${typeof split}, and should be a function`);
  if (!(Number.isInteger(retries) && retries >= 0 && retries <= 100)) {
    fail(`retries is ${retries}, and should be a whole number from 0 to 100`);
  }
  const children = { map: child(map as PartOf<Handler>, { count: workers, where: "mapReduce's map" }) };
  const answer = (mapper: ChildClient<Handler>, join: (pair: [R, R], context: any) => R | Promise<R>) => {
    const { name, options: said } = onlyProcedure(mapper);
    const work = { mapper, name, limit: 2 * workers, retries: said.idempotent ? retries : 0, hedge: said.idempotent };
    const root = async (input: I, context: unknown): Promise<R> => {
      const results = mapParts<P, R>(await split(input), work);
      const first = await results.next();
      if (first.done) {
        if ("initial" in options) return options.initial as R;
        throw new HadronError(
          "FAILED_PRECONDITION",
          "The input has no parts, and mapReduce was told no initial result.",
        );
      }
      let joined = first.value;
      for await (const result of results) joined = await join([joined, result], context);
      return joined;
    };
    return said.idempotent ? procedure({ idempotent: true }, root as Handler) : (root as Handler);
  };
  if (typeof reduce === "function") {
    return pattern({ name: "mapReduce", children, root: ({ map }) => answer(map, reduce) }) as Part<any>;
  }
  const reducer = child(reduce as PartOf<Handler>, { where: "mapReduce's reduce" });
  return pattern({
    name: "mapReduce",
    children: { ...children, reduce: reducer },
    root: ({ map, reduce }) => {
      const { name } = onlyProcedure(reduce);
      return answer(map, (pair) => reduce.call(name, pair) as Promise<R>);
    },
  }) as Part<any>;
}

interface Work {
  readonly mapper: ChildClient<Handler>;
  readonly name: string;
  /** Parts under way at once. */
  readonly limit: number;
  readonly retries: number;
  readonly hedge: boolean | undefined;
}

type Settled<R> = { readonly place: number } & ({ readonly result: Output<() => R> } | { readonly error: unknown });

/** The results of parts, in the order in which they come. Whoever stops taking them gives the rest up. */
async function* mapParts<P, R>(parts: Iterable<P> | AsyncIterable<P>, work: Work): AsyncGenerator<R> {
  const scope = work.mapper.scope();
  const underWay = new Map<number, Promise<Settled<R>>>();
  const source = Symbol.asyncIterator in parts ? parts[Symbol.asyncIterator]() : parts[Symbol.iterator]();
  let place = 0;
  let isAtEnd = false;
  try {
    while (true) {
      while (!isAtEnd && underWay.size < work.limit) {
        const next = await source.next();
        if (next.done) isAtEnd = true;
        else underWay.set(place, mapPart<P, R>(next.value, place++, work, scope));
      }
      if (underWay.size === 0) return;
      const settled = await Promise.race(underWay.values());
      underWay.delete(settled.place);
      if ("error" in settled) throw toPartError(settled.place, settled.error);
      yield settled.result as R;
    }
  } finally {
    scope.cancel(new HadronError("CANCELLED", "Another part has failed, and so has the call."));
    scope.end();
    await source.return?.();
  }
}

async function mapPart<P, R>(
  part: P,
  place: number,
  { mapper, name, retries, hedge }: Work,
  scope: ReturnType<ChildClient<Handler>["scope"]>,
): Promise<Settled<R>> {
  for (let attempt = 0; ; attempt++) {
    try {
      const result = await mapper.call(name, part, hedge ? { scope, hedge } : { scope });
      return { place, result: result as Output<() => R> };
    } catch (error) {
      const mayPass = isHadronError(error) && error.retryable;
      if (!mayPass || attempt >= retries) return { place, error };
    }
  }
}

function toPartError(place: number, cause: unknown): HadronError {
  const [code, why, path] = isHadronError(cause)
    ? ([cause.code, cause.message, cause.path] as const)
    : (["INTERNAL", String(cause), []] as const);
  return new HadronError(code, `Part ${place} failed: ${why}`, { cause, path });
}

function onlyProcedure(worker: ChildClient<Handler>) {
  const [only, ...more] = worker.procedures;
  if (only !== undefined && more.length === 0) return only;
  const names = worker.procedures.map(({ name }) => name).join(", ");
  return fail(`"${worker.service}" should have one procedure, and has ${names === "" ? "none" : names}`);
}

function fail(what: string): never {
  throw new HadronError("INVALID_DECLARATION", `mapReduce: ${what}.`);
}
