import { connect } from "node:net";
import { service } from "@hadron/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ERROR_CODES } from "../../src/errors.ts";
import { createRig } from "../call/rig.ts";

const one = service("one", { echo: (input: unknown) => input, fail: () => Promise.reject(new Error("as told")) });
const numbers = new Set(Object.values(ERROR_CODES).map((code) => code.rpc as number));

/** Whether it is an answer as JSON-RPC 2.0 wants them. */
function isAnswer(value: unknown): boolean {
  const { jsonrpc, id, error, ...rest } = value as Record<string, unknown>;
  const goodId = id === null || typeof id === "string" || typeof id === "number";
  if (jsonrpc !== "2.0" || !goodId) return false;
  if (error === undefined) return Object.keys(rest).join() === "result";
  const { code, message, data } = error as { code: number; message: unknown; data: { code: string } };
  return Object.keys(rest).length === 0 && numbers.has(code) && typeof message === "string" && data.code in ERROR_CODES;
}

const request = fc.record(
  {
    jsonrpc: fc.oneof({ weight: 9, arbitrary: fc.constant("2.0") }, fc.jsonValue()),
    method: fc.oneof({ weight: 9, arbitrary: fc.constantFrom("echo", "fail", "none", "rpc.discover") }, fc.jsonValue()),
    params: fc.oneof(
      fc.array(fc.jsonValue(), { maxLength: 2 }),
      fc.dictionary(fc.string(), fc.jsonValue()),
      fc.jsonValue(),
    ),
    id: fc.oneof(fc.integer(), fc.string(), fc.constant(null), fc.jsonValue()),
  },
  { requiredKeys: [] },
);
const body = fc.oneof(
  request.map((one) => JSON.stringify(one)),
  fc.array(fc.oneof(request, fc.jsonValue()), { maxLength: 5 }).map((batch) => JSON.stringify(batch)),
  fc.json(),
  fc.string(),
  request.chain((one) => {
    const text = JSON.stringify(one);
    return fc.nat(text.length).map((length) => text.slice(0, length));
  }),
);

test("whatever is posted gets an answer as JSON-RPC 2.0 wants it, or none where all were notifications", async () => {
  await using rig = createRig(one);
  const { address } = await rig.serve("one");
  const url = address.replace("tcp:", "http://");
  await fc.assert(
    fc.asyncProperty(body, async (text) => {
      const response = await fetch(url, {
        method: "POST",
        body: text,
        headers: { "content-type": "application/json" },
      });
      const answer = await response.text();
      if (response.status === 204) return answer === "";
      const parsed = JSON.parse(answer);
      return (
        response.status === 200 &&
        (Array.isArray(parsed) ? parsed.length > 0 && parsed.every(isAnswer) : isAnswer(parsed))
      );
    }),
    { numRuns: 200 },
  );
});

test("whatever bytes come on a connection, the next connection is served", async () => {
  await using rig = createRig(one);
  const { address, server } = await rig.serve("one");
  const [, host, port] = /^tcp:(.*):(\d+)$/.exec(address)!;
  const head = "POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 2000 }).map((array) => Buffer.from(array)),
    fc.string().map((text) => Buffer.from(`${head}${text}\r\n\r\n`)),
    fc.integer().map((length) => Buffer.from(`${head}content-length: ${length}\r\n\r\n{}`)),
    fc.string().map((text) => Buffer.from(`${head}transfer-encoding: chunked\r\n\r\n${text}\r\n0\r\n\r\n`)),
    fc
      .uint8Array({ maxLength: 500 })
      .map((array) =>
        Buffer.concat([
          Buffer.from(
            "GET / HTTP/1.1\r\nHost: one\r\nConnection: Upgrade\r\nUpgrade: hadron\r\nHadron-Version: 1\r\nHadron-App: test\r\n" +
              "Hadron-Service: x\r\nHadron-Wanted-Service: one\r\n\r\n",
          ),
          array,
        ]),
      ),
  );
  await fc.assert(
    fc.asyncProperty(bytes, async (chunk) => {
      const socket = connect(Number(port), host!);
      await new Promise<void>((resolve) => {
        socket.on("error", () => {});
        socket.on("close", () => resolve());
        socket.on("connect", () => socket.end(chunk));
        // It may wait for the rest of what was begun.
        setTimeout(() => socket.destroy(), 20);
      });
    }),
    { numRuns: 150 },
  );
  const response = await fetch(address.replace("tcp:", "http://"), {
    method: "POST",
    body: JSON.stringify({ jsonrpc: "2.0", method: "echo", params: [7], id: 1 }),
    headers: { "content-type": "application/json" },
  });
  expect(await response.json()).toEqual({ jsonrpc: "2.0", result: 7, id: 1 });
  await expect.poll(() => server.dispatcher.inFlight).toBe(0);
});
