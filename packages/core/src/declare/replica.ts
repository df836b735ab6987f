/** A value that tells which replica of a service this is. */
export interface Replica {
  /** The replica's full name, e.g. `histogram-service.leaf.3`. */
  readonly name: string;
  /**
   * Which one it is among `count`, from 0. Stable where the service is sharded; elsewhere it tells replicas of one
   * process group apart, and is 0 where the runner does not number them.
   */
  readonly index: number;
  /** How many there are of it: for a child of a shard, how many that shard has. */
  readonly count: number;
  /**
   * The folder of its own storage, where its service asks for one: kept when the replica is replaced, gone with the app.
   */
  readonly storage: string | undefined;
}

/** Writes one structured line to the replica's log. `fields` must be JSON. */
export interface Log {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}
