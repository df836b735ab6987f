// Services that call each other with types. `greet` calls `clock` and `name`: they are ordinary functions to it.
import { run, service } from "@hadron/core";

export const clock = service("clock", () => new Date().getHours());

export const name = service("name", {
  polite: (first: string) => `dear ${first}`,
  short: (first: string) => first.slice(0, 1).toUpperCase(),
});

export const greet = service(
  "greet",
  async (first: string) => {
    const [hour, polite] = await Promise.all([clock(), name.polite(first)]);
    return `Good ${hour < 12 ? "morning" : "day"}, ${polite}!`;
  },
  { expose: true },
);

await run(greet, clock, name);
