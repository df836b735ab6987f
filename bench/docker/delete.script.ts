/** Stops the same containers with dockerode, each with its own grace, and removes them. */
import { readFileSync } from "node:fs";
import Docker from "dockerode";
import type { Recipe } from "./histogram.ts";

const { containers } = JSON.parse(readFileSync(process.argv[2]!, "utf8")) as Recipe;
const docker = new Docker();
await Promise.all(
  containers.map(async ({ name }) => {
    const container = docker.getContainer(name);
    await container.stop();
    await container.remove({ v: true });
  }),
);
process.exit(0);
