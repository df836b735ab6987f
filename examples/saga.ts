// A journey of three bookings, all or none: what was booked is undone, in reverse, where a later one fails or somebody cancels.
//
//   npx tsx examples/saga.ts up
//   npx tsx client.ts journey journey '{"to":"Rome","hotel":true}'          # {"flight":"…","hotel":"…","car":"…"}
//   npx tsx client.ts journey journey '{"to":"Rome","hotel":false}'         # fails, and keeps nothing
//   npx tsx client.ts booking open
import { HadronError, run, service } from "@hadron/core";
import { durable, shield, sleep, step } from "@hadron/durable";
import { keyValue } from "@hadron/resources";

interface Journey {
  readonly to: string;
  readonly hotel: boolean;
}

const bookings = keyValue<{ what: string }>("bookings");

/** Stands for three companies: it knows a booking that it is asked for twice by the call's id. */
export const booking = service(
  "booking",
  {
    async book({ what, free }: { what: string; free: boolean }, { id }) {
      if (!free) throw new HadronError("NOT_FOUND", `There is no ${what} left.`);
      await bookings.set(id, { what });
      return id;
    },
    async undo(id: string) {
      await bookings.delete(id);
    },
    async open() {
      const open: string[] = [];
      for await (const { value } of bookings.list()) open.push(value.what);
      return open;
    },
  },
  { uses: [bookings] },
);

export const journey = service(
  "journey",
  durable(async ({ to, hotel }: Journey) => {
    const undo: (() => Promise<unknown>)[] = [];
    const book = async (what: string, free: boolean) => {
      const id = await booking.book({ what, free });
      undo.push(() => booking.undo(id));
      return id;
    };
    try {
      const flight = await book(`flight to ${to}`, true);
      // The hotel takes its time.
      await sleep("1s");
      const room = await book(`room in ${to}`, hotel);
      const car = await book(`car in ${to}`, true);
      await step("tell", () => `a journey to ${to}`);
      return { flight, hotel: room, car };
    } catch (error) {
      // A cancel passes this part by: what was booked is undone in any case.
      await shield(async () => {
        for (const undoOne of undo.toReversed()) await undoOne();
      });
      throw error;
    }
  }),
  { replicas: 2, expose: true },
);

await run(journey, booking);
