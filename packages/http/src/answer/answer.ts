/** What goes out of a body. */
export type Chunks = AsyncIterable<string | Uint8Array>;

/** An answer on its way out: its head may still be changed. */
export interface Answer {
  status: number;
  /** Names, in lower case, and values in turn. */
  headers: string[];
  body: string | Uint8Array | Chunks | undefined;
}

/** The value of a header of an answer. */
export function headerOf(headers: readonly string[], name: string): string | undefined {
  for (let at = 0; at < headers.length; at += 2) if (headers[at] === name) return headers[at + 1];
  return undefined;
}

/** Sets a header of an answer, in place of one that is there. */
export function setHeader(headers: string[], name: string, value: string): void {
  const at = headers.findIndex((other, place) => place % 2 === 0 && other === name);
  if (at < 0) headers.push(name, value);
  else headers[at + 1] = value;
}
