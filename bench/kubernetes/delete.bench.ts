import { compareTimes } from "../docker/histogram.ts";
import { bench } from "../harness.ts";
import { Histogram, timed } from "./histogram.ts";

await bench("`delete` of the histogram on a cluster, until nothing is left", async (b) => {
  const histogram = await Histogram.make("delete");
  b.defer(() => histogram[Symbol.asyncDispose]());
  const manifests = await histogram.manifests();
  const ours = async () => {
    await histogram.type("up");
    return (await histogram.type("delete")).ms;
  };
  const theirs = async () => {
    await histogram.type("up");
    return timed(async () => {
      await histogram.kubectl("delete", "--wait", "-f", manifests);
      await histogram.gone();
    });
  };
  const measured = await compareTimes(ours, theirs, { rounds: 5, budgetMs: 60_000 });
  b.row({ what: "time, against kubectl delete --wait of the same", atMost: 1.3, aim: 1, measured });
});
