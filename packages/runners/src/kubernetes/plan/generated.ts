import type { Change, Topology } from "@hadron/core/spi";
import { own } from "@hadron/core/spi";
import { appNames } from "../objects/names.ts";
import type { Secret } from "../objects/objects.ts";
import { findObject, type World } from "../world/world.ts";

/** What there is of an app's generated secrets, and what of it has to be made. Names only. */
export interface Generated {
  /** The Secret that holds them. It stays, also where none is declared any more: what it opens may still be there. */
  readonly live: Secret | undefined;
  /** Declared, and not made yet. */
  readonly missing: readonly string[];
  readonly changes: readonly Change[];
}

/** Compares what is declared with what was made. */
export function generatedState({ app, services }: Topology, world: Pick<World, "objects">): Generated {
  const name = appNames(app).generated;
  const live = findObject(world, "Secret", name);
  const declared = new Set(services.flatMap((service) => service.generated ?? []));
  const missing = [...declared].filter((key) => own(live?.data, key) === undefined).sort();
  if (missing.length === 0) return { live, missing, changes: [] };
  const because = `${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} made once, and kept`;
  return {
    live,
    missing,
    changes: [{ action: live === undefined ? "create" : "update", kind: "Secret", name, because }],
  };
}
