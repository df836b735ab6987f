/** Patterns: functions from parts to a part. Each is one file against `@hadron/core/spi`. */

export { type ConsumeContext, type ConsumeOptions, consume } from "./consume.ts";
export { type MapReduceOptions, mapReduce } from "./map-reduce.ts";
export { type ScatterOptions, type ScatterRound, scatter } from "./scatter.ts";
export { type ShardOptions, shard } from "./shard.ts";
export { type SpreadOptions, spread } from "./spread.ts";
export { subscribe } from "./subscribe.ts";
