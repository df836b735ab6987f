/** Sends a dry-run server-side apply of each object of a file with @kubernetes/client-node, all at once. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [path = "", namespace = ""] = process.argv.slice(2);
const require = createRequire(new URL("../../packages/runners/package.json", import.meta.url));
const { KubeConfig, KubernetesObjectApi, PatchStrategy, loadAllYaml } = await import(
  pathToFileURL(require.resolve("@kubernetes/client-node")).href
);
const config = new KubeConfig();
config.loadFromDefault();
const api = KubernetesObjectApi.makeApiClient(config);
const objects: any[] = loadAllYaml(readFileSync(path, "utf8"));
const sent = await Promise.all(
  objects.map((object) => {
    object.metadata.namespace = namespace;
    return api.patch(object, undefined, "All", "hadron", true, PatchStrategy.ServerSideApply);
  }),
);
if (sent.length !== objects.length) throw new Error("Not all were sent.");
