import { bench } from "../harness.ts";
import { compareTimes, Histogram } from "./histogram.ts";

await bench("`delete` of the histogram", async (b) => {
  const histogram = await Histogram.make("delete");
  b.defer(() => histogram[Symbol.asyncDispose]());
  const recipe = await histogram.recipe({ withImage: false });
  const ours = async () => {
    await histogram.type("up");
    return (await histogram.type("delete")).ms;
  };
  const theirs = async () => {
    await histogram.type("up");
    const { ms } = await histogram.script("delete", recipe);
    await histogram.clear();
    return ms;
  };
  const measured = await compareTimes(ours, theirs, { rounds: 5, budgetMs: 70_000 });
  b.row({
    what: "time, against a script that stops and removes the same containers with dockerode",
    atMost: 1.3,
    aim: 1.1,
    measured,
  });
});
