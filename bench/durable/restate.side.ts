/** The same program on the Restate SDK: its endpoint, and who calls it through the server. */

import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { type Context, createEndpointHandler, service } from "@restatedev/restate-sdk";
import { Pool } from "undici";
import { type DriveOptions, drive } from "../harness-drive.ts";
import { serveSide } from "../harness-process.ts";

const five = service({
  name: "five",
  handlers: {
    run: async (ctx: Context, n: number) => {
      let sum = n;
      for (let i = 0; i < 5; i++) sum = await ctx.run("add", () => sum + i);
      return sum;
    },
  },
});

let ingress: Pool;
let serial = 0;
serveSide({
  async register(at: { readonly admin: string; readonly ingress: string }) {
    const server = createServer(createEndpointHandler({ services: [five], logger: () => {} }));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const answer = await fetch(`${at.admin}/deployments`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ uri }),
    });
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
    ingress = new Pool(at.ingress, { connections: 100 });
  },
  five: (options: DriveOptions) =>
    drive(async () => {
      const n = serial++;
      const { statusCode, body } = await ingress.request({
        path: "/five/run",
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(n),
      });
      const sum = await body.json();
      if (statusCode !== 200 || sum !== n + 10) throw new Error(`five(${n}) gave ${statusCode} ${JSON.stringify(sum)}`);
    }, options),
});
