const FORMS: readonly { readonly pattern: RegExp; readonly base: number }[] = [
  { pattern: /^0x([0-9a-f]+)$/i, base: 16 },
  // 8 and 9 are let in, and end the number: the machine's description writes 0o48, which is 4 to the simulator it follows.
  { pattern: /^0o([0-7]\d*)$/i, base: 8 },
  { pattern: /^([01]+)b$/i, base: 2 },
  { pattern: /^(\d+)d?$/i, base: 10 },
];

export const NUMBER_FORMS = "200, 200d, 0xA4, 0o47, 101b or 'c'";

/** Reads `200`, `200d`, `0xA4`, `0o47` or `101b`; undefined if it is no number. May be any size. */
export function toNumber(word: string): number | undefined {
  for (const { pattern, base } of FORMS) {
    const [, digits] = pattern.exec(word) ?? [];
    if (digits !== undefined) return Number.parseInt(digits, base);
  }
  return undefined;
}
