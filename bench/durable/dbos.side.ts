/** The same program on the DBOS SDK: one process, on a PostgreSQL that the bench has. */
import { DBOS } from "@dbos-inc/dbos-sdk";
import { type DriveOptions, drive } from "../harness-drive.ts";
import { serveSide } from "../harness-process.ts";

const five = DBOS.registerWorkflow(
  async (n: number) => {
    let sum = n;
    for (let i = 0; i < 5; i++) sum = await DBOS.runStep(async () => sum + i, { name: "add" });
    return sum;
  },
  { name: "five" },
);

let serial = 0;
serveSide({
  async launch(systemDatabaseUrl: string) {
    // As many connections as serve it best here: fewer, and more, are slower.
    DBOS.setConfig({ name: "bench", systemDatabaseUrl, systemDatabasePoolSize: 20, logLevel: "error" });
    await DBOS.launch();
  },
  five: (options: DriveOptions) =>
    drive(async () => {
      const n = serial++;
      const sum = await (await DBOS.startWorkflow(five)(n)).getResult();
      if (sum !== n + 10) throw new Error(`five(${n}) gave ${sum}`);
    }, options),
});
