import { createHash } from "node:crypto";
import type { Clock } from "@hadron/core";
import { HadronError } from "@hadron/core/spi";
import { AwsClient } from "aws4fetch";
import { XMLParser } from "fast-xml-parser";
import type { S3Address } from "./address.ts";

/** A request of the S3 API, and what an answer other than 2xx may be. */
export interface S3Request {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** The object; absent: the bucket. */
  readonly key?: string | undefined;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
  /** Statuses that are answers, and no errors. */
  readonly accept?: readonly number[];
}

/** How often a request is made whose server is busy (429, 5xx) or away; the time between doubles. */
const TRIES = 6;
const FIRST_WAIT_MS = 50;

/** An element of an answer, as fast-xml-parser gives it: texts, elements, and what may stand several times as a list. */
export type Element = { readonly [name: string]: string | Element | readonly Element[] | undefined };

const REPEATED = new Set(["Contents", "CommonPrefixes", "Upload"]);
const xml = new XMLParser({
  parseTagValue: false,
  trimValues: false,
  // Keys come as they do in URLs: nothing of them is the parser's.
  processEntities: true,
  isArray: (name) => REPEATED.has(name),
});

/** Makes requests to one bucket of a server, signed with Signature Version 4 (docs.aws.amazon.com/AmazonS3/latest/API). */
export class S3Requests {
  readonly address: S3Address;
  readonly #clock: Clock;
  readonly #client: AwsClient;

  constructor(address: S3Address, clock: Clock) {
    const { region, accessKeyId, secretAccessKey } = address;
    this.address = address;
    this.#clock = clock;
    this.#client = new AwsClient({ accessKeyId, secretAccessKey, region, service: "s3", retries: 0 });
  }

  /**
   * The answer, with its body still to be read. UNAVAILABLE where the server is busy or away, also after tries; ABORTED where a condition
   * does not hold; FAILED_PRECONDITION with what it says of any other error.
   */
  async send(request: S3Request): Promise<Response> {
    const { method, key, query = {}, headers = {}, body, accept = [] } = request;
    const url = this.#urlOf(key, query);
    const sum = createHash("sha256")
      .update(body ?? "")
      .digest("hex");
    const init = { method, headers: { ...headers, "x-amz-content-sha256": sum } };
    // What may have been done already would not meet its condition a second time.
    const isConditional = "if-match" in headers || "if-none-match" in headers;
    for (let tried = 1; ; tried++) {
      let response: Response;
      try {
        response = await this.#clock.outside(this.#client.fetch(url, body === undefined ? init : { ...init, body }));
      } catch (error) {
        if (tried < TRIES && !isConditional) {
          await this.#wait(tried);
          continue;
        }
        throw new HadronError(
          "UNAVAILABLE",
          `The server of the buckets (${url.host}) cannot be asked: ${reasonOf(error)}.`,
          { cause: error },
        );
      }
      if (response.ok || accept.includes(response.status)) return response;
      const text = await this.#clock.outside(response.text());
      const isBusy = response.status === 429 || (response.status >= 500 && response.status !== 501);
      if (!isBusy || tried === TRIES) throw toError(request, response.status, text);
      await this.#wait(tried);
    }
  }

  #wait(tried: number): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.after(FIRST_WAIT_MS * 2 ** (tried - 1), resolve);
    });
  }

  /** An answer in XML; its outermost element, empty where the status is another that was accepted. */
  async ask(request: S3Request): Promise<Element> {
    const response = await this.send(request);
    const parsed = xml.parse(await this.#clock.outside(response.text())) as Element;
    if (!response.ok) return {};
    // CompleteMultipartUpload says 200 before it knows.
    if (isElement(parsed.Error)) throw errorOf(request, 200, parsed.Error);
    return Object.values(parsed).findLast(isElement) ?? {};
  }

  /** A URL that lets whoever has it make this request, for so many seconds. */
  async presign(
    method: "GET" | "PUT",
    key: string,
    seconds: number,
    headers: Readonly<Record<string, string>>,
  ): Promise<string> {
    const url = this.#urlOf(key, { "X-Amz-Expires": String(seconds) });
    const aws = { signQuery: true, allHeaders: true };
    return (await this.#client.sign(url, { method, headers, aws })).url;
  }

  #urlOf(key: string | undefined, query: Readonly<Record<string, string>>): URL {
    const { bucketUrl } = this.address;
    const path = key === undefined ? "" : `/${key.split("/").map(encode).join("/")}`;
    const search = Object.entries(query).map(([name, value]) => `${encode(name)}=${encode(value)}`);
    return new URL(`${bucketUrl}${path}${search.length === 0 ? "" : `?${search.join("&")}`}`);
  }
}

/** As RFC 3986 has it, and signatures want it: what is sent is what was signed, also to a server that does not write it anew. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** The text of an element within one; "" where it has none. */
export function textOf(element: Element, name: string): string {
  const found = element[name];
  return typeof found === "string" ? found : "";
}

/** The elements of one name within one. */
export function elementsOf(element: Element, name: string): readonly Element[] {
  const found = element[name];
  return Array.isArray(found) ? found : [];
}

function isElement(value: Element[string]): value is Element {
  return typeof value === "object" && !Array.isArray(value);
}

function toError(request: S3Request, status: number, text: string): HadronError {
  const parsed: Element = text.trimStart().startsWith("<") ? xml.parse(text) : {};
  return errorOf(request, status, isElement(parsed.Error) ? parsed.Error : {});
}

function errorOf({ method, key }: S3Request, status: number, said: Element): HadronError {
  const what = `${textOf(said, "Code") || `status ${status}`}${textOf(said, "Message") === "" ? "" : `, ${textOf(said, "Message")}`}`;
  const message = `The server of the buckets refused ${method} ${key === undefined ? "of its bucket" : `of "${key}"`}: ${what}`;
  if (status === 412 || status === 409) return new HadronError("ABORTED", message);
  if (status === 429 || status >= 500) return new HadronError("UNAVAILABLE", message);
  return new HadronError("FAILED_PRECONDITION", message);
}

/** What kept a request from its server: fetch tells it as the cause of its own error. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
