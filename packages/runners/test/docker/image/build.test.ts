import { createServer, type RequestListener } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { Engine } from "../../../src/docker/engine/client.ts";
import { buildImage, ensureImage } from "../../../src/docker/image/build.ts";
import { toContent } from "../../../src/docker/image/content.ts";

const context = { signal: new AbortController().signal, progress: { step() {}, note() {} } };
const files = [{ path: "a", content: Buffer.from("a"), executable: false }];
const content = toContent(
  "x",
  [{ name: "app", folder: "/app", files }],
  { name: "base", id: "id", architecture: "amd64" },
  "/app",
);
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** An engine that says what a test wants to hear. */
async function engineThat(answers: RequestListener): Promise<Engine> {
  const server = createServer(answers);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const engine = new Engine({ kind: "tcp", host: "127.0.0.1", port, tls: undefined, said: "tcp://test" }, undefined);
  closers.push(async () => {
    await engine[Symbol.asyncDispose]();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return engine;
}

describe("a build that fails", () => {
  test("in the middle, as on a full disk, says what the engine said and what to do", async () => {
    const engine = await engineThat((request, response) => {
      request.resume().on("end", () => {
        response.write(`${JSON.stringify({ stream: "Step 1/2 : FROM base" })}\r\n`);
        const message = "write /var/lib/docker/tmp/x: no space left on device";
        response.end(`${JSON.stringify({ errorDetail: { message }, error: message })}\r\n`);
      });
    });
    await expect(buildImage(engine, "hadron/x:1", content, context)).rejects.toMatchObject({
      code: "RUNNER_FAILED",
      message: expect.stringMatching(/hadron\/x:1: .*no space left on device\. The engine's disk is full: free some/),
    });
  });

  test("at once, says so, too", async () => {
    const engine = await engineThat((request, response) => {
      request.resume().on("end", () => response.writeHead(400).end('{"message":"dockerfile parse error"}'));
    });
    await expect(buildImage(engine, "hadron/x:1", content, context)).rejects.toThrow(/dockerfile parse error/);
  });
});

test("an image that is there is not pulled; one that cannot be pulled is named with the way out", async () => {
  const asked: string[] = [];
  const engine = await engineThat((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (request.url === "/images/there:1/json") return response.end('{"Id":"sha256:1","Architecture":"amd64"}');
    response.writeHead(404).end('{"message":"no such image, and no such host"}');
  });
  expect(await ensureImage(engine, "there:1", "Way out.", context)).toMatchObject({
    Id: "sha256:1",
    Architecture: "amd64",
  });
  expect(asked).toEqual(["GET /images/there:1/json"]);
  await expect(ensureImage(engine, "gone:1", "Way out.", context)).rejects.toMatchObject({
    code: "RUNNER_FAILED",
    message: expect.stringMatching(
      /"gone:1" is not on the engine, and could not be pulled: .*no such host.* Way out\./,
    ),
  });
});
