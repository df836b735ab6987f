import { describe, expect, test } from "vitest";
import { deployChat, tryChat, tryScaling } from "../../../../examples/test/try-chat.ts";
import { nodes, skip, useNamespace } from "./cluster.ts";

const { env, name, api } = useNamespace();

const here = nodes.some(({ isHere }) => isHere);

describe.skipIf(skip !== undefined || !here)(`sockets on a cluster (${skip ?? "there is one"})`, () => {
  test("a chat over two pods: everybody hears everybody, in one order", async () => {
    const attempt: Parameters<typeof deployChat>[1] = async (_, type) => {
      const url = await findAddress();
      await tryChat(url);
      await tryScaling(url, type);
    };
    await deployChat("kubernetes", attempt, env);
  }, 300_000);
});

/** The address of the exposed service inside of the cluster, of which this machine is a node. */
async function findAddress(): Promise<string> {
  const path = `/api/v1/namespaces/${name}/services`;
  const { items } = await api.json<any>({ path, what: "list services", signal: AbortSignal.timeout(10_000) });
  const exposed = items.filter(
    ({ metadata, spec }: any) =>
      metadata.labels["app.kubernetes.io/name"] === "chat" && spec.clusterIP !== "None" && spec.type === "ClusterIP",
  );
  expect(exposed).toHaveLength(1);
  const [{ spec }] = exposed;
  return `http://${spec.clusterIP}:${spec.ports[0].port}`;
}
