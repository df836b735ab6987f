/** Gives the next number of the store's one sequence: of versions, tokens and messages. It never repeats. */
export type Next = () => number;
