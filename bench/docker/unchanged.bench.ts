import { bench } from "../harness.ts";
import { compareTimes, Histogram } from "./histogram.ts";

await bench("`up` of a histogram that runs as declared", async (b) => {
  const histogram = await Histogram.make("unchanged");
  b.defer(() => histogram[Symbol.asyncDispose]());
  await histogram.type("up");
  const recipe = await histogram.recipe({ withImage: false });
  const measured = await compareTimes(
    async () => (await histogram.type("up")).ms,
    async () => (await histogram.script("list", recipe)).ms,
    { rounds: 15, budgetMs: 40_000 },
  );
  b.row({
    what: "time, against a script that lists containers, networks and images with dockerode",
    atMost: 2,
    aim: 1.3,
    measured,
  });
});
