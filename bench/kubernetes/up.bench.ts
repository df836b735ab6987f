import { compareTimes } from "../docker/histogram.ts";
import { bench } from "../harness.ts";
import { Histogram, timed } from "./histogram.ts";

await bench(
  "`up` of the histogram on a cluster, from process start to first reply, its image in the registry",
  async (b) => {
    const histogram = await Histogram.make("up");
    b.defer(() => histogram[Symbol.asyncDispose]());
    const manifests = await histogram.manifests();
    const ours = async () => {
      const ms = await timed(async () => {
        await histogram.type("up");
        await histogram.call();
      });
      await histogram.clear();
      return ms;
    };
    const theirs = async () => {
      const ms = await timed(async () => {
        await histogram.kubectl("apply", "-f", manifests);
        await histogram.kubectl("rollout", "status", "statefulset/histogram-histogram-service-leaf");
        await histogram.kubectl("rollout", "status", "deployment/histogram-histogram-service");
        await histogram.call();
      });
      await histogram.clear();
      return ms;
    };
    const measured = await compareTimes(ours, theirs, { rounds: 5, budgetMs: 60_000 });
    b.row({
      what: "time, against kubectl apply of our manifests, rollout status, and one call",
      atMost: 1.3,
      aim: 1,
      measured,
    });
  },
);
