/**
 * What `Buffer.toString` and `Buffer.write` call for one encoding. Called directly, they spare the look at its name,
 * which takes longer than reading a short string. Node has had them in every version; its types do not list them.
 */
declare global {
  interface Buffer {
    utf8Slice(start: number, end: number): string;
    latin1Slice(start: number, end: number): string;
    utf8Write(text: string, at: number, length: number): number;
    latin1Write(text: string, at: number, length: number): number;
  }
}

export {};
