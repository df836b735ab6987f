import { HadronError } from "@hadron/core/spi";

/** INVALID_INPUT for what is no content type. */
export function checkContentType(contentType: string): void {
  if (/^[\w.+-]+\/[\w.+-]+(?:\s*;.*)?$/.test(contentType)) return;
  throw new HadronError("INVALID_INPUT", `contentType is "${contentType}", and should be like image/png.`, {
    unsent: true,
  });
}
