import { type AddressFinder, addressesOfMembers, type Directory, type ImagePort, type Member } from "@hadron/core/spi";
import { INTERNAL_PORT } from "../../replica/layout.ts";
import type { Api } from "../api/api.ts";
import { NAME } from "../objects/labels.ts";
import type { Pod } from "../objects/objects.ts";
import type { Mirror } from "../world/mirror.ts";
import { describePod, ordinalOf, replicaNameOf } from "../world/pods.ts";
import { Doors } from "./doors.ts";

/**
 * The replicas of an app as seen from this machine: each pod behind a socket of ours. A pod's socket is made when its service is asked for.
 *
 * Each pod is a member of its own, so that calls are spread over all as they come and go: a Service's address would pin
 * a connection, and all calls on it, to one pod.
 */
export class PodDirectory implements Directory {
  /** Service → the value of its label. */
  readonly #labels: ReadonlyMap<string, string>;
  readonly #doors: Doors;
  /** Of pods, by their uid. */
  readonly #addresses = new Map<string, string>();
  /** The ports of images that were asked for: service → port → `host:port` here. */
  readonly #ports = new Map<string, Readonly<Record<string, string>>>();
  readonly #opening = new Map<string, Promise<void>>();
  readonly #find = addressesOfMembers(this);
  readonly #watchers = new Map<string, Set<() => void>>();
  #mirror: Mirror<"Pod"> | undefined;

  constructor(api: Api, labels: ReadonlyMap<string, string>) {
    this.#doors = new Doors(api);
    this.#labels = labels;
  }

  follow(mirror: Mirror<"Pod">): void {
    this.#mirror = mirror;
  }

  /** A pod came, changed or went. */
  changed(pod: Pod | undefined): void {
    const label = pod?.metadata.labels?.[NAME];
    for (const [service, watchers] of this.#watchers) {
      if (label === undefined || this.#labels.get(service) === label) for (const changed of [...watchers]) changed();
    }
  }

  members(service: string): readonly Member[] {
    const pods = this.#podsOf(service).filter((pod) => pod.status?.phase !== "Failed");
    return pods.map((pod): Member => {
      const { state, reason } = describePod(pod);
      // What the cluster calls failed it starts again.
      return {
        ordinal: ordinalOf(pod) ?? -1,
        name: replicaNameOf(pod),
        address: this.#addressOf(pod),
        state: state === "failed" ? "starting" : state,
        reason: reason ?? undefined,
        addresses: this.#ports.get(service),
      };
    });
  }

  watch(service: string, changed: () => void): () => void {
    const set = this.#watchers.get(service) ?? new Set();
    this.#watchers.set(service, set.add(changed));
    return () => set.delete(changed);
  }

  has(service: string): boolean {
    return this.#labels.has(service);
  }

  async suspect(service: string, member: Member): Promise<string | undefined> {
    return this.members(service).find(({ name }) => name === member.name)?.reason;
  }

  /**
   * Where a port of an image is for this machine: a port of its own, each of whose connections goes to a replica that is
   * ready then. Resolves once there is one.
   */
  readonly address: AddressFinder = async (service, port, scope) => {
    const key = `${service}/${port.name}`;
    const opening = this.#opening.get(key) ?? this.#openPort(service, port);
    this.#opening.set(key, opening);
    await opening;
    return this.#find(service, port, scope);
  };

  close(): void {
    this.#doors.close();
  }

  async #openPort(service: string, { name, number }: ImagePort): Promise<void> {
    const pick = () => this.#podsOf(service).find((pod) => describePod(pod).state === "ready")?.metadata.name;
    const address = await this.#doors.openPort(pick, number);
    this.#ports.set(service, { ...this.#ports.get(service), [name]: address });
  }

  #podsOf(service: string): readonly Pod[] {
    const label = this.#labels.get(service);
    return [...(this.#mirror?.objects.values() ?? [])].filter((pod) => pod.metadata.labels?.[NAME] === label);
  }

  #addressOf({ metadata: { name, uid = name } }: Pod): string {
    const known = this.#addresses.get(uid);
    if (known !== undefined) return known;
    const address = this.#doors.open(name, INTERNAL_PORT);
    this.#addresses.set(uid, address);
    return address;
  }
}
