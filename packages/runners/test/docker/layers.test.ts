import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { createRunner } from "../../src/docker/index.ts";
import { openTestEngine, quiet, skip, uniqueApp } from "./engine.ts";
import { createTemporaryApp } from "./temporary-app.ts";

const app = uniqueApp("layers");
const runner = createRunner({ flags: {}, explicitApp: false, env: process.env });
const registry = process.env.DOCKER_REGISTRY;
const PACKAGES = Array.from({ length: 10 }, (_, index) => `depends-on-${index}`);

describe.skipIf(skip !== undefined)(
  `an app with ten dependencies${skip === undefined ? "" : ` (${skip})`}`,
  { timeout: 240_000 },
  () => {
    afterAll(() => runner.delete(app, { data: true }, quiet), 60_000);

    test("a changed line of its source makes one new layer, and pushes no other", async () => {
      await using file = await createTemporaryApp(app);
      for (const name of PACKAGES) {
        const folder = join(file.folder, "node_modules", name);
        await mkdir(folder, { recursive: true });
        await writeFile(join(folder, "package.json"), JSON.stringify({ name, version: "1.0.0", main: "main.js" }));
        await writeFile(
          join(folder, "main.js"),
          `exports.text = require("fs").readFileSync(__dirname + "/a.txt", "utf8");`,
        );
        await writeFile(join(folder, "a.txt"), name);
      }
      await writeFile(join(file.folder, "own.txt"), "own");
      const source = (word: string) => `
        import { readFileSync } from "node:fs";
        ${PACKAGES.map((name, index) => `import * as p${index} from "${name}";`).join("\n")}
        const own = readFileSync(new URL("./own.txt", import.meta.url), "utf8");
        export const told = service("told", () => ["${word}", own, ${PACKAGES.map((_, index) => `p${index}.text`)}].join(" "));`;

      const deployed: Deployed[] = [];
      const pushes: Pushed[] = [];
      for (const word of ["first", "second"]) {
        await runner.apply(await file.write(source(word), ["told"]), quiet);
        const found = await look();
        deployed.push(found);
        // At once: the next up removes the image that it replaces.
        if (registry !== undefined) pushes.push(await push(found));
      }
      const [first, second] = deployed;
      expect(first?.image).not.toBe(second?.image);
      const added = second?.layers.filter((layer) => !first?.layers.includes(layer));
      expect(added).toHaveLength(1);
      expect(second?.layers.length).toBe(first?.layers.length);

      if (registry === undefined) return;
      expect(pushes[1]?.pushed).toHaveLength(1);
      expect(pushes[1]?.there).toHaveLength((second?.layers.length ?? 0) - 1);
    });
  },
);

interface Deployed {
  readonly image: string;
  readonly layers: readonly string[];
}

interface Pushed {
  readonly pushed: readonly string[];
  /** Layers that the registry had. */
  readonly there: readonly string[];
}

/** The image that a replica of the app runs, and its layers. */
async function look(): Promise<Deployed> {
  await using engine = await openTestEngine();
  const filters = JSON.stringify({ label: [`dev.hadron.app=${app}`, "dev.hadron.service=told"] });
  const [container] = await engine.get<{ ImageID: string }[]>("/containers/json", { query: { filters } });
  const image = container?.ImageID ?? "";
  const { RootFS } = await engine.get<{ RootFS: { Layers: string[] } }>(`/images/${image}/json`);
  return { image, layers: RootFS.Layers };
}

/** Pushes an image as the engine does, and says which layers it sent and which the registry had. */
async function push({ image }: Deployed): Promise<Pushed> {
  const name = `${registry}/${app}`;
  await using engine = await openTestEngine();
  const { default: Docker } = await import("dockerode");
  const docker = new Docker(engine.dockerode);
  await docker.getImage(image).tag({ repo: name, tag: "pushed" });
  try {
    const stream = await docker.getImage(`${name}:pushed`).push({ authconfig: {} });
    const said = await new Promise<{ id?: string; status?: string; error?: string }[]>((resolve, reject) =>
      docker.modem.followProgress(stream, (error, output) => (error === null ? resolve(output) : reject(error))),
    );
    const ids = (status: RegExp) => said.filter((line) => status.test(line.status ?? "")).map(({ id }) => id ?? "");
    return { pushed: ids(/^Pushed/), there: ids(/^(?:Layer already exists|Mounted)/) };
  } finally {
    await docker.getImage(`${name}:pushed`).remove();
  }
}
