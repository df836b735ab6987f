const SEQUENCE = 0x30;
const PERMITTED = 0xa0;
const DNS_NAME = 0x82;
const IP_ADDRESS = 0x87;

/** The extension of an authority that speaks for this machine alone, in DER: RFC 5280, section 4.2.1.10. */
export function localConstraints(): Uint8Array<ArrayBuffer> {
  const loopback4 = [127, 0, 0, 0, 255, 0, 0, 0];
  const loopback6 = [...Array(15).fill(0), 1, ...Array(16).fill(255)];
  const names = [der(DNS_NAME, [...Buffer.from("localhost")]), der(IP_ADDRESS, loopback4), der(IP_ADDRESS, loopback6)];
  const subtrees = names.flatMap((name) => der(SEQUENCE, name));
  return Uint8Array.from(der(SEQUENCE, der(PERMITTED, subtrees)));
}

/** Shorter than 128 bytes, as all of them are. */
function der(tag: number, content: readonly number[]): number[] {
  return [tag, content.length, ...content];
}
