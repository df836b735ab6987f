/** Names where calls are numbered, a connection say, among all: 64 random bits, so that no two are likely to meet. */
export function createCallIdPrefix(): string {
  return half() + half();
}

/** The id of a call among all calls. Both ends of a connection can make it, so that no byte of it crosses the wire. */
export function toCallId(prefix: string, number: number): string {
  return `${prefix}-${number.toString(36)}`;
}

function half(): string {
  return Math.floor(Math.random() * 2 ** 32)
    .toString(16)
    .padStart(8, "0");
}
