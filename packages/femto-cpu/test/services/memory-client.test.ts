import { service } from "@hadron/core";
import { child, pattern } from "@hadron/core/spi";
import { start } from "@hadron/core/testing";
import { expect, test } from "vitest";
import { MemoryClient, programMemory } from "../../src/services/memory.ts";

test("of several shards each program is read, stored and freed in its own", async () => {
  const memory = service("memory", programMemory());
  const user = service(
    "user",
    pattern({
      name: "user",
      children: { memory: child(memory, { count: 2, sharded: true }) },
      root: ({ memory }) => {
        const client = new MemoryClient(memory);
        return async (byte: number) => {
          const program = await client.allocate([byte]);
          await client.store(program, 1, [1, byte + 1]);
          const bytes = await client.read(program);
          return { shard: Number.parseInt(program, 10), bytes: bytes.slice(0, 3), freed: await client.free(program) };
        };
      },
    }),
  );
  await using app = await start(user);
  const shards = new Set<unknown>();
  for (let byte = 0; byte < 200 && (byte < 8 || shards.size < 2); byte++) {
    const { shard, ...rest } = (await app.call("user", "user", byte)) as Record<string, unknown>;
    expect(rest).toEqual({ bytes: [byte, byte + 1, 0], freed: true });
    shards.add(shard);
  }
  expect([...shards].sort()).toEqual([0, 1]);
});
