import { type DeclaredResource, HadronError, type Holdings, type KeeperProcedures } from "@hadron/core/spi";
import { Pieces } from "../../client/pieces.ts";
import type { BlobDriver, ListedObject, ObjectInfo } from "../contract/driver.ts";
import type { Note } from "../contract/note.ts";

const PAGE = 1000;

/** What the command line asks of files: what there is, to drop it, to copy all of it. */
export class FilesKeeper implements KeeperProcedures {
  readonly #driver: BlobDriver;
  /** Where it is written down what the running revision declares. */
  readonly #declared: Note;
  readonly #variant: string | undefined;

  /** @param variant of the service that keeps them, if it is not the one without a choice */
  constructor(driver: BlobDriver, declared: Note, variant?: string) {
    this.#driver = driver;
    this.#declared = declared;
    this.#variant = variant;
  }

  async declare(keeps: readonly Omit<DeclaredResource, "keeper">[]): Promise<void> {
    const text = JSON.stringify(
      keeps.map(({ kind, name, options }) => ({ kind, name, keeper: "hadron.files", options })),
    );
    await this.#declared.write(text);
  }

  async kept(): Promise<Holdings> {
    const things = (await this.#driver.contents()).map(({ bucket, objects, bytes, more = false }) => ({
      kind: "bucket",
      name: bucket,
      holds: `${more ? "more than " : ""}${objects} object${objects === 1 ? "" : "s"}`,
      bytes,
    }));
    const text = await this.#declared.read();
    const declared = text === undefined ? [] : (JSON.parse(text) as readonly DeclaredResource[]);
    return { declared, things, ...(this.#variant === undefined ? {} : { variant: this.#variant }) };
  }

  async drop({ name }: { readonly kind: string; readonly name: string }): Promise<{ readonly dropped: boolean }> {
    let dropped = false;
    for await (const { key } of this.#all(name)) dropped = (await this.#driver.delete(name, key, {})) || dropped;
    return { dropped };
  }

  /** Object by object: each is whole, and of a time while this lasts. A line of JSON says whose bytes follow it. */
  async *backup(): AsyncGenerator<Uint8Array, void, undefined> {
    for (const { bucket } of await this.#driver.contents()) {
      for await (const { key } of this.#all(bucket)) {
        const found = await this.#driver.get(bucket, key, undefined);
        if (found === undefined) continue;
        yield Buffer.from(`${JSON.stringify({ bucket, ...found.info })}\n`);
        yield* found.chunks;
      }
    }
  }

  async restorable(): Promise<void> {
    const contents = await this.#driver.contents();
    if (contents.length > 0) {
      throw new HadronError(
        "FAILED_PRECONDITION",
        `Buckets have objects already (${contents.map(({ bucket }) => bucket).join(", ")}), and a backup is restored into an empty app only.`,
      );
    }
  }

  async restore(bytes: AsyncIterable<Uint8Array>): Promise<void> {
    await this.restorable();
    const input = new Pieces(bytes);
    try {
      for (;;) {
        const line = await input.line();
        if (line === undefined) return;
        const {
          bucket,
          key,
          bytes: length,
          contentType,
        } = JSON.parse(line) as ObjectInfo & { readonly bucket: string };
        await this.#driver.put(bucket, key, input.take(length), { contentType, maxBytes: Number.POSITIVE_INFINITY });
      }
    } catch (error) {
      // All or nothing: what came before it goes.
      for (const { bucket } of await this.#driver.contents()) await this.drop({ kind: "bucket", name: bucket });
      throw error;
    }
  }

  async *#all(bucket: string): AsyncGenerator<ListedObject, void, undefined> {
    let after: string | undefined;
    for (;;) {
      const page = await this.#driver.list(bucket, { prefix: "", after, most: PAGE });
      for (const found of page) if ("key" in found) yield found;
      const last = page.at(-1);
      if (page.length < PAGE || last === undefined || !("key" in last)) return;
      after = last.key;
    }
  }
}
