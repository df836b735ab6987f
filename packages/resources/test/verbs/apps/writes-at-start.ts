import { onStart, run, service } from "@hadron/core";
import { keyValue } from "@hadron/resources";

const starts = keyValue<number>("starts");

export const eager = service(
  "eager",
  {
    count: async () => (await starts.get("n")) ?? 0,
    [onStart]: () => starts.update("n", (before = 0) => before + 1),
  },
  { uses: [starts] },
);

await run(eager);
