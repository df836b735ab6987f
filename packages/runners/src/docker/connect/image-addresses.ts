import type { Address } from "@hadron/core";
import { type AddressFinder, HadronError, type ImagePort, type Scope, sleep } from "@hadron/core/spi";
import type { Engine } from "../engine/client.ts";
import { publishedAt } from "../world/endpoint.ts";
import { type SeenContainer, seeContainers } from "../world/world.ts";
import { openPortTunnel, type PortTunnel } from "./tunnel.ts";

const LOOK_AGAIN_MS = 100;

/**
 * Where the ports of images are, as seen from here: at the container's address where that is this machine's own network, else
 * at the port that it publishes, else at a port of this machine, from which a replica of ours passes it on.
 */
export class ImageAddresses implements AsyncDisposable {
  readonly #engine: Engine;
  readonly #app: string;
  readonly #tunnels = new Map<string, Promise<PortTunnel>>();

  constructor(engine: Engine, app: string) {
    this.#engine = engine;
    this.#app = app;
  }

  /** Waits for an image that is away. UNAVAILABLE where it is not there in time, or nobody can pass it on. */
  readonly find: AddressFinder = async (service, port, scope: Scope) => {
    while (scope.error === undefined) {
      const containers = await seeContainers(this.#engine, this.#app);
      const image = containers.find(
        (container) => container.service === service && container.role === "image" && container.state === "running",
      );
      if (image !== undefined) return await this.#wayTo(image, port, containers);
      await sleep(scope, LOOK_AGAIN_MS);
    }
    throw new HadronError("UNAVAILABLE", `"${service}" does not run; look at its status and logs.`);
  };

  async [Symbol.asyncDispose](): Promise<void> {
    const tunnels = await Promise.allSettled(this.#tunnels.values());
    await Promise.all(
      tunnels.map((tunnel) => (tunnel.status === "fulfilled" ? tunnel.value[Symbol.asyncDispose]() : undefined)),
    );
  }

  async #wayTo(image: SeenContainer, port: ImagePort, containers: readonly SeenContainer[]): Promise<Address> {
    if (image.address !== undefined) return { host: image.address, port: port.number };
    const ports = image.ports.filter(({ PrivatePort }) => PrivatePort === port.number);
    const published = publishedAt({ ...image, ports }, this.#engine.address);
    if (published !== undefined) return published;
    const through = containers.find(({ role, state }) => role === "replica" && state === "running");
    if (through === undefined) {
      throw new HadronError(
        "UNAVAILABLE",
        `"${image.service}" cannot be reached from this machine: its engine is elsewhere, and no replica of our own code runs ` +
          "there to pass it on. Publish it: service(…, image(…), { expose: { port: … } }).",
      );
    }
    const key = `${through.id} ${image.service}:${port.number}`;
    const tunnel =
      this.#tunnels.get(key) ?? openPortTunnel(this.#engine, through.id, { host: image.service, port: port.number });
    this.#tunnels.set(key, tunnel);
    return { host: "127.0.0.1", port: (await tunnel).port };
  }
}
