/** What all sides are given. */
export const SHORT = "a small text";
export const KIBIBYTE = "abcdefghijklmnop".repeat(64);
