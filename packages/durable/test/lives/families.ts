import { run, service } from "@hadron/core";
import { durable, hook, shield, sleep } from "../../src/index.ts";

/** Tells when it began, and waits for a message. Forgotten after a while. */
export const waiter = service(
  "waiter",
  durable(
    async (_: { readonly urgency?: number }) => {
      await hook("go").next();
      return Date.now();
    },
    { concurrency: { limit: 1 }, retention: "10m" },
  ),
);

/** Begins as often as its rate lets it, the most urgent first. */
export const counted = service(
  "counted",
  durable(async (_: { readonly urgency?: number }) => Date.now(), {
    rate: "2/1m",
    priority: ({ urgency = 0 }) => urgency,
    retention: "forever",
  }),
  { replicas: 2 },
);

export const child = service(
  "child",
  durable(async (name: string) => {
    try {
      await sleep("10d");
    } finally {
      if (name === "called") await grandchild(name);
    }
  }),
);

export const grandchild = service(
  "grandchild",
  durable(async (name: string) => {
    await sleep("1s");
    return name;
  }),
);

/** Has children of each kind. */
export const parent = service(
  "parent",
  durable(async () => {
    await child.start("started", { id: "started" });
    await child.start("abandoned", { id: "abandoned", abandon: true });
    const shielded = shield(() => child("shielded"));
    try {
      await child("called");
    } finally {
      await child.start("after", { id: "after" });
      await Promise.race([shielded, sleep("5s")]);
    }
  }),
);

/** Calls one whose runs are soon forgotten. */
export const patient = service(
  "patient",
  durable(() => waiter({})),
);

await run(patient, waiter, counted, child, grandchild, parent);
