import { HadronError } from "@hadron/core";
import { HostedModule, type PreparedModule, prepareModule } from "@hadron/wasm/host";
import type { Registry } from "../kept/registry.ts";
import { TECH_ID } from "../kept/registry.ts";
import type { ResolvedPlatform } from "../options.ts";

/** So many modules have threads in one replica; whichever was not called for longest makes room. */
const MOST_MODULES = 32;
/** Modules that import from modules, so deep. */
const MOST_DEEP = 8;

interface Loaded {
  readonly hosted: HostedModule;
  /** What its imports led to when it was loaded. */
  readonly links: ReadonlyMap<string, string>;
}

/** The modules of a platform in one replica: each loaded when it is first called, anew where its name stands for another one. */
export class Modules {
  readonly #registry: Registry;
  readonly #options: ResolvedPlatform;
  readonly #loaded = new Map<string, Promise<Loaded>>();

  constructor(registry: Registry, options: ResolvedPlatform) {
    this.#registry = registry;
    this.#options = options;
  }

  /** The module of a name, or of `techID://…`, as it is known here. */
  async get(name: string): Promise<HostedModule> {
    const digest = this.#registry.resolve(name);
    const key = `${name} ${digest}`;
    const known = await this.#loaded.get(key);
    if (known !== undefined && this.#isCurrent(known)) {
      this.#loaded.delete(key);
      this.#loaded.set(key, Promise.resolve(known));
      return known.hosted;
    }
    this.#leave((other) => other === key || other.startsWith(`${name} `));
    const loading = this.#load(name);
    this.#loaded.set(key, loading);
    try {
      const { hosted } = await loading;
      const oldest = this.#loaded.keys().next().value;
      if (this.#loaded.size > MOST_MODULES) this.#leave((other) => other === oldest);
      return hosted;
    } catch (error) {
      this.#loaded.delete(key);
      throw error;
    }
  }

  /** Looks at a module without calling it. INVALID_INPUT where it is none, or wants what it cannot have. */
  async prepare(label: string, bytes: Uint8Array, name?: string): Promise<PreparedModule> {
    return this.#prepare(label, bytes, name, new Map(), []);
  }

  async close(): Promise<void> {
    const all = [...this.#loaded.values()];
    this.#loaded.clear();
    for (const loading of await Promise.allSettled(all)) {
      if (loading.status === "fulfilled") await loading.value.hosted.close();
    }
  }

  async #load(name: string): Promise<Loaded> {
    const links = new Map<string, string>();
    const guest = nameOf(name);
    const bytes = await this.#registry.bytes(this.#registry.resolve(name));
    const prepared = await this.#prepare(`module "${name}"`, bytes, guest, links, []);
    return { hosted: new HostedModule(prepared, this.#options.guest(guest)), links };
  }

  async #prepare(
    label: string,
    bytes: Uint8Array,
    name: string | undefined,
    links: Map<string, string>,
    way: readonly string[],
  ): Promise<PreparedModule> {
    return prepareModule({
      label,
      bytes,
      memoryMiB: this.#options.guest(name).memoryMiB,
      linked: async (other) => {
        if (way.length >= MOST_DEEP || way.includes(other) || other === name) {
          throw new HadronError(
            "INVALID_INPUT",
            `${label}: it imports from "${other}", which leads back to it, or too deep.`,
          );
        }
        if (this.#registry.known("name/", other) === undefined) return undefined;
        const digest = this.#registry.resolve(other);
        links.set(other, digest);
        const found = await this.#registry.bytes(digest);
        return this.#prepare(`module "${other}"`, found, other, links, [...way, other]);
      },
    });
  }

  #isCurrent({ links }: Loaded): boolean {
    return [...links].every(([name, digest]) => this.#registry.known("name/", name)?.digest === digest);
  }

  /** Calls under way end where they are. */
  #leave(isLeft: (key: string) => boolean): void {
    for (const [key, loading] of this.#loaded) {
      if (!isLeft(key)) continue;
      this.#loaded.delete(key);
      loading.then(({ hosted }) => hosted.close()).catch(() => {});
    }
  }
}

/** By which a guest has grants and keeps values; undefined where it is called by its digest. */
export function nameOf(name: string): string | undefined {
  return name.startsWith(TECH_ID) ? undefined : name;
}
