import { service } from "@hadron/core";
import { expect, test } from "vitest";
import { DnsDirectory } from "../../src/call/directory/dns-directory.ts";
import { createHost } from "../../src/call/host/host.ts";
import { createMuxTransport } from "../../src/transport/mux/index.ts";
import { createRig } from "../call/rig.ts";

const who = service("who", (_: unknown, { replica }) => replica.name);

/** A caller that finds replicas by names whose addresses the test chooses. One port, as in a cluster. */
function callerByDns(app: ReturnType<typeof createRig>["app"], port: string) {
  const names = { addresses: [] as string[] };
  const looks = { count: 0 };
  const directory = new DnsDirectory({
    topology: app.topology,
    names: { "*": { any: `{service}:${port}` } },
    counts: {},
    resolve: async () => {
      looks.count++;
      return [...names.addresses];
    },
  });
  const host = createHost({
    self: { app: "test", service: "caller", replica: "caller.0", topology: "hash" },
    directory,
    transports: { tcp: createMuxTransport() },
    app,
  });
  return { names, looks, host };
}

test("calls follow a name whose addresses change", async () => {
  await using rig = createRig(who);
  const first = await rig.serve("who", 0, "tcp:127.0.0.1:0");
  const port = first.address.split(":").at(-1)!;
  await rig.serve("who", 1, `tcp:127.0.0.2:${port}`);
  const { names, host } = callerByDns(rig.app, port);
  const call = () => host.call("who", "who", 1, { timeoutMs: 20_000 });
  try {
    // Nobody there yet: the call waits for the name.
    const early = call();
    names.addresses = ["127.0.0.1"];
    expect(await early).toBe("who.0");
    // Both: calls go to either.
    names.addresses = ["127.0.0.1", "127.0.0.2"];
    await expect
      .poll(async () => new Set(await Promise.all(Array.from({ length: 20 }, call))).size, { timeout: 10_000 })
      .toBe(2);
    // The first is gone, from the name and in fact.
    names.addresses = ["127.0.0.2"];
    await first.kill();
    expect(new Set(await Promise.all(Array.from({ length: 20 }, call)))).toEqual(new Set(["who.1"]));
  } finally {
    host.close();
  }
});

test("a name that still has the address of a replica that is gone costs no call", async () => {
  await using rig = createRig(who);
  const first = await rig.serve("who", 0, "tcp:127.0.0.1:0");
  const port = first.address.split(":").at(-1)!;
  await rig.serve("who", 1, `tcp:127.0.0.2:${port}`);
  const { names, host } = callerByDns(rig.app, port);
  names.addresses = ["127.0.0.1", "127.0.0.2"];
  const call = () => host.call("who", "who", 1, { timeoutMs: 20_000 });
  try {
    await expect
      .poll(async () => new Set(await Promise.all(Array.from({ length: 20 }, call))).size, { timeout: 10_000 })
      .toBe(2);
    await first.kill();
    expect(new Set(await Promise.all(Array.from({ length: 50 }, call)))).toEqual(new Set(["who.1"]));
  } finally {
    host.close();
  }
});
