/**
 * Chance that is the same each time for the same seed. sfc32 of Chris Doty-Humphrey's PractRand
 * (https://pracrand.sourceforge.net), seeded by FNV-1a. For tests: no secret can be made of it.
 */
export class Chance {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: string) {
    this.#a = hash(`a${seed}`);
    this.#b = hash(`b${seed}`);
    this.#c = hash(`c${seed}`);
    // The first numbers still show the seed.
    for (let round = 0; round < 12; round++) this.uint32();
  }

  /** A whole number from 0 to below 2³². */
  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter++) >>> 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) >>> 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) >>> 0;
    return sum;
  }

  /** From 0 to below 1, with all 53 bits. */
  number(): number {
    return ((this.uint32() >>> 5) * 2 ** 26 + (this.uint32() >>> 6)) / 2 ** 53;
  }

  /** Random hexadecimal digits. */
  hex(digits: number): string {
    let text = "";
    while (text.length < digits) text += this.uint32().toString(16).padStart(8, "0");
    return text.slice(0, digits);
  }
}

function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return value >>> 0;
}
