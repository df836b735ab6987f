/** What a URL lets whoever has it do. */
export interface UrlGrant {
  readonly bucket: string;
  readonly key: string;
  /** GET is for HEAD, too. */
  readonly method: "GET" | "PUT";
  /** When it is over, in milliseconds since 1970. */
  readonly expiresAt: number;
  /** The type that an object has to be sent with; undefined: any. */
  readonly contentType: string | undefined;
  /** The most bytes that may be sent; undefined: what the disk takes. */
  readonly maxBytes: number | undefined;
}
