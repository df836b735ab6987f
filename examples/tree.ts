// Patterns nest: a scatter of scatters is a tree. One root, three branches, four leaves each: 16 replicas.
import { type Context, run, service } from "@hadron/core";
import { scatter } from "@hadron/patterns";

const words = ["one", "file", "is", "a", "distributed", "system", "and", "a", "tree", "is", "two", "scatters"];

const leaf = (word: string, { replica }: Context) => {
  const mine = words.filter((_, position) => position % replica.count === replica.index);
  return mine.filter((one) => one === word).length;
};
const sum = (counts: number[]) => counts.reduce((total, count) => total + count, 0);

export const tree = service("tree", scatter(3, scatter(4, leaf, sum), sum), { expose: true });

await run(tree);
