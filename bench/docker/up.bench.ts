import { bench } from "../harness.ts";
import { compareTimes, Histogram } from "./histogram.ts";

await bench("`up` of the histogram on an engine, from process start to first reply, its image known", async (b) => {
  const histogram = await Histogram.make("up");
  b.defer(() => histogram[Symbol.asyncDispose]());
  await histogram.build();
  const recipe = await histogram.recipe({ withImage: false });
  const ours = async () => {
    const startedAt = performance.now();
    const { stdout } = await histogram.type("up", "--json");
    await histogram.ask(JSON.parse(stdout).services[0].endpoint);
    const ms = performance.now() - startedAt;
    await histogram.clear();
    return ms;
  };
  const theirs = async () => {
    const { ms } = await histogram.script("up", recipe);
    await histogram.clear();
    return ms;
  };
  const measured = await compareTimes(ours, theirs, { rounds: 5, budgetMs: 70_000 });
  b.row({
    what: "time, against a script that starts the same 11 containers with dockerode",
    atMost: 1.5,
    aim: 1.2,
    measured,
  });
});
