import { expect } from "vitest";
import type { StoreDriver } from "../driver.ts";
import type { Claim, Message, Operation, Outcome, Results, Send, SetEntries } from "../operations.ts";

export const bytes = (text: string) => new TextEncoder().encode(text);
export const text = (value: Uint8Array | undefined) =>
  value === undefined ? undefined : new TextDecoder().decode(value);

/** The number of the one message there is. */
export function only(messages: readonly Message[]): number {
  expect(messages).toHaveLength(1);
  return messages[0]?.message ?? 0;
}

/** A client that sends a batch at a time, and expects it to be done. */
export class TestClient {
  readonly #driver: StoreDriver;
  readonly name: string;
  #number = 0;

  constructor(driver: StoreDriver, name = "client") {
    this.#driver = driver;
    this.name = name;
  }

  async outcomes(...operations: readonly Operation[]): Promise<readonly Outcome[]> {
    const number = ++this.#number;
    const [outcomes] = await this.#driver.commit([{ client: this.name, number, settled: number, operations }]);
    return outcomes ?? [];
  }

  async do<O extends Operation>(operation: O): Promise<Results[O["kind"]]> {
    const [outcome] = await this.outcomes(operation);
    if (outcome === undefined || "refused" in outcome) throw new Error(`refused: ${outcome?.refused.message}`);
    return outcome.ok as Results[O["kind"]];
  }

  /** The code with which it is refused. */
  async refusal(operation: Operation): Promise<string | undefined> {
    const [outcome] = await this.outcomes(operation);
    return outcome !== undefined && "refused" in outcome ? outcome.refused.code : undefined;
  }
}

export function set(
  store: string,
  key: string,
  value: string,
  options: Partial<Pick<SetEntries, "ttlMs" | "fence">> & { readonly ifVersion?: number } = {},
): SetEntries {
  const { ttlMs, fence, ifVersion } = options;
  return { kind: "set", store, entries: [{ key, value: bytes(value), ifVersion }], ttlMs, fence };
}

export function send(queue: string, body: string, options: Partial<Omit<Send, "kind" | "queues" | "body">> = {}): Send {
  const { id, key, delayMs = 0, maxLength } = options;
  return { kind: "send", queues: [queue], body: bytes(body), id, key, delayMs, maxLength };
}

export function claim(queue: string, options: Partial<Omit<Claim, "kind" | "queue">> = {}): Claim {
  const { holder = "worker", most = 10, leaseMs = 10_000, mostAttempts = 3 } = options;
  return { kind: "claim", queue, holder, most, leaseMs, mostAttempts };
}

export async function readText(driver: StoreDriver, store: string, key: string): Promise<string | undefined> {
  const [entry] = await driver.read({ kind: "get", store, keys: [key] });
  return text(entry?.value);
}
