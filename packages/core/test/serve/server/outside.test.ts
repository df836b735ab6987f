import { type Service, service } from "@hadron/core";
import { expect, test } from "vitest";
import { createRig } from "../../call/rig.ts";
import { callUrl } from "../../call-url.ts";

const who = service("who", { ask: (_: unknown, { caller }) => caller?.service ?? "outside" }, { expose: true });

test("an exposed address speaks HTTP and not the protocol of replicas, whoever comes", async () => {
  await using rig = createRig(who as Service<unknown>);
  const { server, address } = await rig.serve("who");
  rig.publish("who", [{ address }]);
  expect(await rig.call("who", "ask")).toBe("caller");
  const [outside = ""] = await server.listen(["tcp:127.0.0.1:0"], { exposed: true });
  const caller = rig.caller();
  rig.publish("who", [{ address: outside }]);
  await expect(caller.call("who", "ask", undefined, { timeoutMs: 500 })).rejects.toMatchObject({
    code: expect.stringMatching(/UNAVAILABLE|DEADLINE_EXCEEDED/),
  });
  expect(await callUrl(outside.replace("tcp:", "http://"), "ask", undefined)).toBe("outside");
});

test("a client that offers another protocol is answered over HTTP, inside and outside", async () => {
  await using rig = createRig(who as Service<unknown>);
  const { server, address } = await rig.serve("who");
  const [outside = ""] = await server.listen(["tcp:127.0.0.1:0"], { exposed: true });
  for (const at of [address, outside]) {
    const { request } = await import("node:http");
    const status = await new Promise((resolve, reject) => {
      const headers = { connection: "Upgrade, HTTP2-Settings", upgrade: "h2c", "http2-settings": "AAMAAABkAAQAAP__" };
      request(`${at.replace("tcp:", "http://")}/healthz`, { headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on("error", reject)
        .end();
    });
    expect(status, at).toBe(200);
  }
});
