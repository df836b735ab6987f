/** Moleculer over its own TCP transport, peers given: no discovery by UDP. No metrics, no tracing. */
import { createServer } from "node:net";
import moleculer from "moleculer";
import { hello } from "../../local/handlers.ts";
import { serveOther } from "./side.ts";

serveOther({
  async listen() {
    const port = await freePort();
    const broker = createBroker("target", { port });
    broker.createService({
      name: "target",
      actions: { hello: ({ params }: { params: { name: string } }) => hello(params.name) },
    });
    await broker.start();
    return `127.0.0.1:${port}/target`;
  },
  async connect(address) {
    const broker = createBroker("caller", { port: await freePort(), urls: [address] });
    await broker.start();
    await broker.waitForServices("target");
    return (name) => broker.call("target.hello", { name });
  },
});

function createBroker(nodeID: string, options: object) {
  const transporter = { type: "TCP" as const, options: { udpDiscovery: false, ...options } };
  return new moleculer.ServiceBroker({ nodeID, transporter, logger: false, metrics: false, tracing: false });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
