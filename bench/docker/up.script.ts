/** What somebody would write with dockerode: builds the image if asked to, starts all containers at once, asks the root. */
import { readFileSync } from "node:fs";
import Docker from "dockerode";
import tar from "tar-fs";
import type { Recipe } from "./histogram.ts";

const recipe = JSON.parse(readFileSync(process.argv[2]!, "utf8")) as Recipe;
const docker = new Docker();
if (recipe.context !== undefined) {
  const { folder, tag } = recipe.context;
  const building = await docker.buildImage(tar.pack(folder) as never, { t: tag });
  await new Promise((resolve, reject) =>
    docker.modem.followProgress(building, (error) => (error ? reject(error) : resolve(undefined))),
  );
}
await docker.createNetwork({ Name: recipe.network, Labels: recipe.labels });
await Promise.all(
  recipe.containers.map(async ({ name, payload }) => {
    const container = await docker.createContainer({ name, ...payload });
    await container.start();
  }),
);
const { NetworkSettings } = await docker.getContainer(recipe.root).inspect();
const port = NetworkSettings.Ports["8080/tcp"]![0]!.HostPort;
const body = JSON.stringify({ jsonrpc: "2.0", method: recipe.method, id: 1 });
for (;;) {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    const { result } = (await answer.json()) as { result?: unknown };
    if (!Array.isArray(result)) throw new Error("no histogram");
    console.log(JSON.stringify(result));
    break;
  } catch {
    // Not there yet.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
process.exit(0);
