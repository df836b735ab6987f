import { HadronError, run, service } from "@hadron/core";

export const math = service(
  "math",
  {
    add: ([a, b]: readonly [number, number]) => a + b,
    refuse: (what: string) => {
      throw new HadronError("ALREADY_EXISTS", `There is a ${what}.`);
    },
    forever: () => new Promise<number>(() => {}),
    async *count(to: number) {
      for (let n = 1; n <= to; n++) yield n;
    },
    sum: async (numbers: AsyncIterable<number> | readonly number[]) => {
      let sum = 0;
      for await (const number of numbers) sum += number;
      return sum;
    },
    when: (at: Date | string) => (at instanceof Date ? "a date" : "a text"),
  },
  { expose: true },
);

export const greet = service("greet", (name: string) => `Hello, ${name}!`, { expose: true });

await run(math, greet);
