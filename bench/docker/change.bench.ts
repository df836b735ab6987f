import { bench } from "../harness.ts";
import { compareTimes, Histogram } from "./histogram.ts";

await bench("`up` of the histogram on an engine, from process start to first reply, a line changed", async (b) => {
  const histogram = await Histogram.make("change");
  b.defer(() => histogram[Symbol.asyncDispose]());
  await histogram.build();
  const ours = async () => {
    await histogram.change();
    const startedAt = performance.now();
    const { stdout } = await histogram.type("up", "--json");
    await histogram.ask(JSON.parse(stdout).services[0].endpoint);
    const ms = performance.now() - startedAt;
    await histogram.clear();
    return ms;
  };
  const theirs = async () => {
    await histogram.change();
    const { ms } = await histogram.script("up", await histogram.recipe({ withImage: true }));
    await histogram.clear();
    return ms;
  };
  const measured = await compareTimes(ours, theirs, { rounds: 5, budgetMs: 70_000 });
  b.row({
    what: "time, against a script that builds the same context and starts the same 11 containers",
    atMost: 1.5,
    aim: 1.2,
    measured,
  });
});
