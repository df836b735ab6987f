import { type HadronError, isHadronError, withinCall } from "@hadron/core/spi";
import type { Client, QueryResult } from "pg";
import type { Rows, Statement } from "../contract/sql.ts";
import { toSqlError } from "../contract/sql-error.ts";
import type { Connections } from "./connections.ts";
import type { DatabaseLink } from "./link.ts";

/** Sends statements over a connection, one after the other. */
export class StatementRunner {
  readonly #connections: Connections;
  readonly #link: DatabaseLink;
  readonly #slowMs: number;

  constructor(connections: Connections, link: DatabaseLink, slowMs: number) {
    this.#connections = connections;
    this.#link = link;
    this.#slowMs = slowMs;
  }

  /**
   * Runs a statement, unless the call in which the code stands is over before: then the server is told to end it, and the
   * call's error is thrown. A slow one is logged, with its text and without its values.
   */
  async run(connection: Client, { text, values }: Statement): Promise<Rows<any>> {
    const { clock } = this.#link;
    const beganAt = clock.now();
    const answer: Promise<QueryResult> = clock.outside(connection.query(text, [...values]));
    let result: QueryResult;
    try {
      result = await withinCall(answer);
    } catch (error) {
      if (isHadronError(error)) {
        await this.#giveUp(connection, answer);
        throw error;
      }
      throw this.#toError(error);
    } finally {
      const tookMs = clock.now() - beganAt;
      if (tookMs >= this.#slowMs) {
        const fields = { event: "slow-query", database: this.#link.name, ms: Math.round(tookMs), sql: text };
        this.#link.log()?.warn(`a statement took ${Math.round(tookMs)} ms`, fields);
      }
    }
    return Object.assign(result.rows, { count: result.rowCount ?? 0 });
  }

  /** The connection is free again when what it did has ended. */
  async #giveUp(connection: Client, answer: Promise<QueryResult>): Promise<void> {
    await this.#connections.cancel(connection).catch(() => {});
    await answer.catch(() => {});
  }

  #toError(error: unknown): HadronError {
    return toSqlError(error, this.#link.name);
  }
}
