/** Asks the engine with dockerode for what there is. */
import { readFileSync } from "node:fs";
import Docker from "dockerode";
import type { Recipe } from "./histogram.ts";

const { labels } = JSON.parse(readFileSync(process.argv[2]!, "utf8")) as Recipe;
const docker = new Docker();
const filters = JSON.stringify({ label: Object.entries(labels).map(([key, value]) => `${key}=${value}`) });
const [containers, networks, images] = await Promise.all([
  docker.listContainers({ all: true, filters }),
  docker.listNetworks({ filters } as never),
  docker.listImages({ filters } as never),
]);
console.log(JSON.stringify([containers, networks, images]).length);
process.exit(0);
