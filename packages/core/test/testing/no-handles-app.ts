import { start } from "@hadron/core/testing";
import { counter, never } from "./own-modules-app.ts";

// Run by Node itself: says what is left once apps were disposed of, and ends by itself.
for (const options of [{ modules: "shared" }, {}, { seed: 7, time: "virtual" }] as const) {
  await using app = await start(counter, never, { app: "handles", ...options });
  await app.call("counter", "count");
  const gone = app
    .client(never)()
    .catch((error) => error.code);
  await app.close();
  console.log(await gone);
  console.log(app.replicas()[0]?.module);
}
// What was under way when the last was closed is over in the next turns.
for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
const left = process.getActiveResourcesInfo().filter((name) => !/^(?:TTY|Pipe|File)Wrap$|^FSReq/.test(name));
console.log(JSON.stringify(left));
