import { compareTimes } from "../docker/histogram.ts";
import { bench } from "../harness.ts";
import { Histogram } from "./histogram.ts";

await bench("`up` of a histogram that runs on a cluster as declared", async (b) => {
  const histogram = await Histogram.make("unchanged");
  b.defer(() => histogram[Symbol.asyncDispose]());
  const manifests = await histogram.manifests();
  await histogram.type("up");
  b.defer(() => histogram.clear());
  const measured = await compareTimes(
    async () => (await histogram.type("up")).ms,
    async () => (await histogram.script("patches", manifests, histogram.namespace)).ms,
    { rounds: 11, budgetMs: 50_000 },
  );
  b.row({
    what: "time, against a script that sends the same dry-run patches with @kubernetes/client-node",
    atMost: 1,
    aim: 0.5,
    measured,
  });
});
