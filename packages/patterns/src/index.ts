/** Patterns: functions from parts to a part. Each is one file against `@hadron/core/spi`. */

export { type BatchOptions, batch } from "./around/batch.ts";
export { type Cached, type CacheOptions, type CacheStore, cache } from "./around/cache.ts";
export { type DebounceOptions, debounce } from "./around/debounce.ts";
export type { SharedContext } from "./around/shared.ts";
export {
  type ConsumeContext,
  type ConsumeOptions,
  consume,
  consume as workQueue,
  type TransactionalContext,
  type TransactionalOptions,
} from "./consume.ts";
export { type MapReduceOptions, mapReduce } from "./map-reduce.ts";
export { type ScatterOptions, type ScatterRound, scatter } from "./scatter.ts";
export { type ShardOptions, shard } from "./shard.ts";
export { type SpreadOptions, spread } from "./spread.ts";
export { subscribe } from "./subscribe.ts";
