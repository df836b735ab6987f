/** What a host shows of itself to those who come over TLS. */
export interface Certificate {
  /** Its certificate and those between it and its authority, in PEM. */
  readonly cert: string;
  readonly key: string;
  /** For so long, in milliseconds, it need not be asked for again. */
  readonly goodForMs: number;
}

/** Finds the certificate of a host, undefined where a caller names none; null where there is none for it. */
export type FindCertificate = (host: string | undefined) => Promise<Certificate | null>;
