import { start } from "@hadron/core/testing";
import { booker, shop, teller } from "./app.ts";

/** What an app kept when all had come to rest. */
export type Kept = Awaited<ReturnType<typeof shop.all>>;

export interface Chaos {
  readonly orders: number;
  readonly kills: number;
  /** Whether the database server is among those that are killed. */
  readonly server: boolean;
}

/** Numbers below `most`, the same for the same seed. */
function createDraw(seed: number): (most: number) => number {
  let state = seed;
  return (most) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
}

/** Has an app order, book and tell in virtual time while its replicas and its store are killed. */
export async function runConservation(seed: number, { orders, kills, server }: Chaos): Promise<Kept> {
  const draw = createDraw(seed);
  await using app = await start(shop, booker, teller, {
    time: "virtual",
    seed,
    modules: "shared",
    log: () => {},
  });
  const { order, all } = app.client(shop);
  const victims = [shop, booker, teller, "hadron.store", "hadron.database"].flatMap((of) => app.replicas(of));
  if (server) victims.push(...app.replicas("hadron.postgres"));
  const ordering: Promise<unknown>[] = [];
  for (let kill = 0; kill < kills; kill++) {
    const share = Math.ceil(orders / kills);
    for (let n = 0; n < share; n++) ordering.push(order(kill * share + n).catch(() => {}));
    await app.advance(draw(300));
    victims[draw(victims.length)]?.restart();
    await app.advance(draw(1500));
  }
  await Promise.all(ordering);
  await app.advance("10m");
  return await all();
}

/** Why that cannot be; undefined where it can. */
export function findFault({ ordered, booked, told, outbox, inbox, jobs, news }: Kept): string | undefined {
  if (new Set(ordered).size !== ordered.length) return `ordered twice: ${ordered}`;
  for (const [what, numbers] of Object.entries({ booked, told })) {
    if (String(numbers) !== String(ordered)) return `ordered ${ordered}; ${what} ${numbers}`;
  }
  const left = [jobs, news].flatMap(({ waiting, working, dead }) => [waiting, working, dead]);
  if (left.some((count) => count > 0)) return `left in queues: ${left}`;
  return outbox + inbox === 0 ? undefined : `left in the outbox ${outbox}, in the inbox ${inbox}`;
}
