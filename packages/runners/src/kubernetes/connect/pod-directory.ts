import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream";
import type { Directory, Member } from "@hadron/core/spi";
import { INTERNAL_PORT } from "../../replica/layout.ts";
import type { Api } from "../api/api.ts";
import { openPodStream } from "../api/pod-stream.ts";
import { NAME } from "../objects/labels.ts";
import type { KubeObject } from "../objects/objects.ts";
import type { Mirror } from "../world/mirror.ts";
import { describePod, ordinalOf, replicaNameOf } from "../world/pods.ts";

/**
 * The replicas of an app as seen from this machine: each pod behind a socket of ours, in a folder that only this user can
 * enter, whose connections are carried through the API server. A pod's socket is made when its service is asked for.
 *
 * Each pod is a member of its own, so that calls are spread over all as they come and go: a Service's address would pin
 * a connection, and all calls on it, to one pod.
 */
export class PodDirectory implements Directory {
  readonly #api: Api;
  /** Service → the value of its label. */
  readonly #labels: ReadonlyMap<string, string>;
  readonly #folder = mkdtempSync(join(tmpdir(), "hadron-"));
  readonly #doors = new Map<string, { readonly server: Server; readonly address: string }>();
  readonly #sockets = new Set<Socket>();
  readonly #watchers = new Map<string, Set<() => void>>();
  #mirror: Mirror | undefined;
  #made = 0;

  constructor(api: Api, labels: ReadonlyMap<string, string>) {
    this.#api = api;
    this.#labels = labels;
  }

  follow(mirror: Mirror): void {
    this.#mirror = mirror;
  }

  /** A pod came, changed or went. */
  changed(pod: KubeObject | undefined): void {
    const label = pod?.metadata.labels?.[NAME];
    for (const [service, watchers] of this.#watchers) {
      if (label === undefined || this.#labels.get(service) === label) for (const changed of [...watchers]) changed();
    }
  }

  members(service: string): readonly Member[] {
    const label = this.#labels.get(service);
    const pods = [...(this.#mirror?.objects.values() ?? [])].filter(
      (pod) => pod.metadata.labels?.[NAME] === label && pod.status?.phase !== "Failed",
    );
    return pods.map((pod): Member => {
      const { state, reason } = describePod(pod);
      // What the cluster calls failed it starts again.
      return {
        ordinal: ordinalOf(pod) ?? -1,
        name: replicaNameOf(pod),
        address: this.#addressOf(pod),
        state: state === "failed" ? "starting" : state,
        reason: reason ?? undefined,
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
    return this.members(service).find((one) => one.name === member.name)?.reason;
  }

  close(): void {
    for (const { server } of this.#doors.values()) server.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#doors.clear();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #addressOf(pod: KubeObject): string {
    const { uid, name } = pod.metadata;
    const known = this.#doors.get(uid!);
    if (known !== undefined) return known.address;
    const file = `${this.#made++}.sock`;
    const path = process.platform === "win32" ? `\\\\.\\pipe\\hadron-${process.pid}-${file}` : join(this.#folder, file);
    const server = createServer({ pauseOnConnect: true }, (socket) => this.#carry(socket, name));
    server.listen(path);
    this.#doors.set(uid!, { server, address: `unix:${path}` });
    return `unix:${path}`;
  }

  #carry(socket: Socket, pod: string): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    socket.on("error", () => {}); // The caller's side; it sees the same.
    openPodStream(this.#api, pod, INTERNAL_PORT).then(
      (stream) => {
        // Either end that breaks ends both; the caller then tries anew, as with any connection.
        pipeline(socket, stream, () => stream.destroy());
        pipeline(stream, socket, () => socket.destroy());
      },
      () => socket.destroy(),
    );
  }
}
