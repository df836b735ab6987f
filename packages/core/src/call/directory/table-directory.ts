import type { Directory, Member } from "./directory.ts";

/** A directory that is told its members: by a test, by the local runner, by whoever knows them. */
export class TableDirectory implements Directory {
  readonly #services = new Map<string, readonly Member[]>();
  readonly #watchers = new Map<string, Set<() => void>>();
  /** Asked why a member is gone. @default nobody knows */
  onSuspect: (service: string, member: Member) => Promise<string | undefined> = async () => undefined;

  /** Replaces the members of a service, and tells its watchers. */
  set(service: string, members: readonly Member[]): void {
    this.#services.set(service, members);
    for (const changed of [...(this.#watchers.get(service) ?? [])]) changed();
  }

  members(service: string): readonly Member[] {
    return this.#services.get(service) ?? [];
  }

  watch(service: string, changed: () => void): () => void {
    let set = this.#watchers.get(service);
    if (set === undefined) {
      set = new Set();
      this.#watchers.set(service, set);
    }
    set.add(changed);
    return () => set.delete(changed);
  }

  has(service: string): boolean | undefined {
    return this.#services.size === 0 ? undefined : this.#services.has(service);
  }

  suspect(service: string, member: Member): Promise<string | undefined> {
    return this.onSuspect(service, member);
  }

  close(): void {
    this.#watchers.clear();
  }
}
