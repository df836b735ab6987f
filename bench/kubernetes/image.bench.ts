import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bundle } from "../../packages/runners/src/bundle/index.ts";
import { compareTimes } from "../docker/histogram.ts";
import { bench } from "../harness.ts";
import { Histogram, run, timed } from "./histogram.ts";

await bench("Building and pushing an image after a one-line change", async (b) => {
  const histogram = await Histogram.make("image");
  b.defer(() => histogram[Symbol.asyncDispose]());
  const base = process.env.HADRON_BASE_IMAGE || "node:24-slim";
  const tag = `${process.env.DOCKER_REGISTRY}/hadron-bench:${process.pid}`;
  b.defer(() => run("docker", ["image", "rm", "-f", tag]));
  const context = join(histogram.folder, "context");
  await mkdir(context);
  await writeFile(
    join(context, "Dockerfile"),
    `FROM ${base}\nWORKDIR /app/files\nUSER 1000:1000\nCOPY app.mjs app.mjs.map /app/\nCMD ["node", "/app/app.mjs"]\n`,
  );
  const engines = async () => {
    // The engine finds the bundle ready; we make it in our own time.
    const { code, map } = await bundle(histogram.file);
    await writeFile(join(context, "app.mjs"), code);
    await writeFile(join(context, "app.mjs.map"), map);
    const built = await run("docker", ["build", "-q", "-t", tag, context]);
    const pushed = await run("docker", ["push", "-q", tag]);
    return built.ms + pushed.ms;
  };
  await engines();
  await histogram.build();
  const measured = await compareTimes(
    async () => {
      await histogram.change();
      return timed(() => histogram.build());
    },
    async () => {
      await histogram.change();
      return engines();
    },
    { rounds: 15, budgetMs: 50_000 },
  );
  b.row({ what: "time, bundling included, against docker build and docker push", atMost: 0.7, aim: 0.3, measured });
});
