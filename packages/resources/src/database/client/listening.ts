import { HadronError, withinCall } from "@hadron/core/spi";
import type { Client } from "pg";
import { SqlName } from "../contract/sql.ts";
import type { Connections } from "./connections.ts";

/** What is said on a channel, over a connection of its own. */
export class Listening implements AsyncIterable<string> {
  readonly #client: Client;
  readonly #words: string[] = [];
  #end: HadronError | undefined;
  #wake: () => void = () => {};

  private constructor(client: Client, database: string, channel: string) {
    this.#client = client;
    client.on("notification", ({ payload = "" }) => {
      this.#words.push(payload);
      this.#wake();
    });
    client.on("end", () => {
      const text = `database("${database}"): the connection that listened to "${channel}" broke; what is said meanwhile is not heard.`;
      this.#end = new HadronError("UNAVAILABLE", text);
      this.#wake();
    });
  }

  static async open(connections: Connections, channel: string): Promise<Listening> {
    const client = await connections.open();
    const listening = new Listening(client, connections.database, channel);
    await client.query(`listen ${new SqlName([channel]).text}`);
    return listening;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    for (;;) {
      yield* this.#words.splice(0);
      if (this.#words.length > 0) continue;
      if (this.#end !== undefined) throw this.#end;
      await withinCall(new Promise<void>((resolve) => (this.#wake = resolve)));
    }
  }

  async close(): Promise<void> {
    await this.#client.end();
  }
}
