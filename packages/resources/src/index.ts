/** Resources: what an app keeps, declared in the file that uses it. */
export { type Captured, type CaptureOptions, capture, type Secret, secret } from "@hadron/core/spi";
export type { ObjectBody } from "./bucket/client/body.ts";
export type {
  GetObjectOptions,
  ListObjectsOptions,
  PutObjectOptions,
  StoredObject,
  UrlOptions,
} from "./bucket/client/bucket.ts";
export type { Listed, ObjectInfo, Range } from "./bucket/contract/driver.ts";
export type { Transaction, TransactionOptions } from "./database/client/transaction.ts";
export type { Rows, Sql, SqlName, SqlQuery, Statement } from "./database/contract/sql.ts";
export { isSqlError, type SqlError } from "./database/contract/sql-error.ts";
export type { MigrationsOption } from "./database/migrations/declared.ts";
export { type Bucket, type BucketOptions, bucket } from "./declare/bucket.ts";
export { type Database, type DatabaseOptions, database } from "./declare/database.ts";
export { type KeyValue, type KeyValueOptions, keyValue } from "./declare/key-value.ts";
export { type Lock, type LockOptions, lock } from "./declare/lock.ts";
export { type Queue, type QueueOptions, queue } from "./declare/queue.ts";
export { type Scoped, type ScopedOptions, scoped } from "./declare/scoped.ts";
export { type Topic, type TopicOptions, topic } from "./declare/topic.ts";
export type { Entry, EntryChange, ListOptions, WriteOptions } from "./key-value/key-value.ts";
export type { Hold, HoldOptions } from "./lock/lock.ts";
export type { Pending, SendOptions } from "./queue/queue.ts";
export { type ElectedOptions, elected, type Leadership } from "./work/elected.ts";
export { type EveryContext, type EveryOptions, type EveryProgramOptions, every } from "./work/every.ts";
export { type NextDue, toNextDue } from "./work/next-due.ts";
export type { Overlap, ScheduledProgram, ScheduledRun } from "./work/program-runs.ts";
export type { Occasion } from "./work/schedule.ts";
