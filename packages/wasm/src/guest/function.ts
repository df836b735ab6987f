/** A function of the host's: numbers of 32 bits, and of 64, go in and come out. */
export type GuestFunction = (...values: never[]) => unknown;
