import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { own } from "@hadron/core/spi";

/** The ports that an app's services had last, so that they have the same next time. One small file an app. */
export class PortMemory {
  readonly #path: string;
  readonly #ports: Record<string, number>;

  constructor(cache: string, app: string) {
    this.#path = join(cache, "ports", `${app}.json`);
    this.#ports = readPorts(this.#path);
  }

  get(service: string): number | undefined {
    return own(this.#ports, service);
  }

  /** Remembers a port. That it cannot be written is no reason not to run. */
  set(service: string, port: number): void {
    if (own(this.#ports, service) === port) return;
    this.#ports[service] = port;
    try {
      mkdirSync(dirname(this.#path), { recursive: true });
      writeFileSync(`${this.#path}.${process.pid}`, JSON.stringify(this.#ports));
      renameSync(`${this.#path}.${process.pid}`, this.#path);
    } catch {}
  }
}

function readPorts(path: string): Record<string, number> {
  try {
    const read = Object.entries(JSON.parse(readFileSync(path, "utf8")));
    return Object.fromEntries(read.filter((entry): entry is [string, number] => Number.isInteger(entry[1])));
  } catch {
    return {}; // Not there yet, or not readable: then any port will do.
  }
}
