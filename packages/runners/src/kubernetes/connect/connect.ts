import { type Connected, HadronError, type RunContext } from "@hadron/core/spi";
import type { Api } from "../api/api.ts";
import { selectorOf } from "../objects/labels.ts";
import { nameObjects } from "../objects/names.ts";
import { readDeployed } from "../world/deployed.ts";
import { Mirror } from "../world/mirror.ts";
import { PodDirectory } from "./pod-directory.ts";

/** Opens a way to every service of an app. WRONG_USE where nothing of it is deployed. */
export async function connect(api: Api, app: string, { signal }: RunContext): Promise<Connected> {
  let directory: PodDirectory | undefined;
  const opening = Mirror.open(api, {
    kind: "Pod",
    selector: selectorOf(app),
    signal,
    changed: (event) => directory?.changed(event?.object),
  });
  opening.catch(() => {}); // Looked at below, unless the other fails first.
  const deployed = await readDeployed(api, app, signal);
  const mirror = await opening;
  if (deployed === undefined) {
    await mirror[Symbol.asyncDispose]();
    const { context, namespace } = api.target;
    throw new HadronError(
      "WRONG_USE",
      `The app "${app}" is not deployed in namespace "${namespace}" of context "${context}": \`up --runner=kubernetes\` deploys it.`,
    );
  }
  const labels = new Map([...nameObjects(deployed.topology)].map(([service, names]) => [service, names.label]));
  directory = new PodDirectory(api, labels);
  directory.follow(mirror);
  const made = directory;
  return {
    directory: made,
    address: made.address,
    async [Symbol.asyncDispose]() {
      made.close();
      await mirror[Symbol.asyncDispose]();
      api.close();
    },
  };
}
