import { isStream } from "../pump.ts";

/** A request of HTTP as data: the head of one, and its body where that is short. */
export interface WebRequest {
  /** Upper case. */
  readonly method: string;
  /** As it stands in the request line: a path with its query. */
  readonly url: string;
  /** Names and values in turn, as they came. */
  readonly headers: readonly string[];
  /** Whose connection it came over; undefined where that is not known. */
  readonly address?: string | undefined;
  /** Whether it came over TLS. @default false */
  readonly secure?: boolean;
  /**
   * Whether its connection speaks another protocol once the answer is 101: then the body are the bytes that come, and those of the
   * answer go out as they are. An empty chunk ends the connection, and the call may go on. @default false
   */
  readonly upgrade?: boolean;
  /** @default none, or the items that follow */
  readonly body?: string | Uint8Array;
}

/** The input of a procedure that takes HTTP: a request; or its head, and then the chunks of its body. */
export type WebInput = WebRequest | AsyncIterable<WebRequest | Uint8Array>;

/** An answer of HTTP as data: the head of one, and its body where it is whole. */
export interface WebAnswer {
  readonly status: number;
  /** Names, in lower case, and values in turn. */
  readonly headers: readonly string[];
  /** @default none, or the items that follow */
  readonly body?: string | Uint8Array;
}

/** The output of a procedure that takes HTTP: an answer; or its head, and then the chunks of its body. */
export type WebOutput = WebAnswer | AsyncIterable<WebAnswer | string | Uint8Array>;

/** A request whose body is still on its way in: what a procedure of the same process may read without the detour of items. */
export interface OpenWebRequest extends WebRequest, AsyncIterable<WebRequest | Uint8Array> {
  /** The body. It can be read once. Rejects with CANCELLED where the sender goes, DEADLINE_EXCEEDED where it falls silent. */
  chunks(): AsyncIterable<Uint8Array>;
  /** The body, where it has come whole by now and nothing of it has been read: in place of `chunks`. */
  whole(): Uint8Array | undefined;
}

/** Whether an input is a request whose body can be read directly. */
export function isOpenRequest(input: unknown): input is OpenWebRequest {
  return isStream(input) && typeof (input as Partial<OpenWebRequest>).chunks === "function";
}
