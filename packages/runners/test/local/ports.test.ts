import { createServer } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventually, toProgram } from "../../src/suite.ts";
import { fixture, Home } from "./harness.ts";

let home: Home;
beforeEach(async () => {
  home = await Home.make();
});
afterEach(() => home[Symbol.asyncDispose]());

async function greeter(expose?: { readonly port: number }) {
  const { back, front } = await import("../fixtures/greeter.ts");
  const program = toProgram(fixture("greeter.ts"), "ports", [front, back]);
  if (expose === undefined) return program;
  const services = program.topology.services.map((one) =>
    one.exposed === null ? one : { ...one, exposed: { ...one.exposed, ...expose } },
  );
  return { ...program, topology: { ...program.topology, services } };
}

async function listen(port: number) {
  const server = createServer().listen(port, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const bound = (server.address() as { port: number }).port;
  return { port: bound, [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())) };
}

test("an exposed service has the same port the next time, and another while that one is taken", async () => {
  const runner = home.runner();
  const endpoint = async () => {
    const { status, attached } = await home.apply(runner, await greeter());
    await attached![Symbol.asyncDispose]();
    return status.services.find((one) => one.name === "front")!.endpoint!;
  };
  const first = await endpoint();
  expect(await endpoint()).toBe(first);
  await using _taken = await listen(Number(new URL(first).port));
  expect(await endpoint()).not.toBe(first);
});

test("a port that was asked for and is taken is an error that says by whom, and nothing is left", async () => {
  await using taken = await listen(0);
  const program = await greeter({ port: taken.port });
  await expect(home.runner().apply(program, home.context)).rejects.toMatchObject({
    code: "RUNNER_FAILED",
    message: expect.stringContaining(`"front" is to be exposed on port ${taken.port} of 127.0.0.1, but `),
  });
  if (process.platform === "linux") {
    await expect(home.runner().apply(program, home.context)).rejects.toThrow(`(pid ${process.pid}) has it`);
  }
  expect(await home.left()).toEqual([]);
});

test("the address stays while its only replica is started again: who connects meanwhile waits", async () => {
  const runner = home.runner();
  const { status } = await home.apply(runner, await greeter());
  const endpoint = status.services.find((one) => one.name === "front")!.endpoint!;
  const post = async (method: string, input?: unknown): Promise<any> => {
    const body = JSON.stringify({ jsonrpc: "2.0", method, params: [input], id: 1 });
    const headers = { "content-type": "application/json", connection: "close" };
    return (await fetch(endpoint, { method: "POST", headers, body })).json();
  };
  process.kill((await post("pid")).result, "SIGKILL");
  await eventually(async () => {
    const [front] = (await runner.status("ports", home.context)).services;
    return front!.replicas[0]!.reason === "killed by SIGKILL" ? true : undefined;
  });
  expect(await post("hello", "Ann")).toMatchObject({ result: "Hello, Ann!" });
});

test("outside connections reach every replica of an exposed service", async () => {
  const runner = home.runner();
  const { status } = await home.apply(runner, await greeter());
  await runner.scale("ports", "front", 3, home.context);
  const endpoint = status.services.find((one) => one.name === "front")!.endpoint!;
  const body = JSON.stringify({ jsonrpc: "2.0", method: "pid", id: 1 });
  const headers = { "content-type": "application/json", connection: "close" };
  const pids = new Set<number>();
  for (let i = 0; i < 3; i++) {
    const answer: any = await (await fetch(endpoint, { method: "POST", headers, body })).json();
    pids.add(answer.result);
  }
  expect(pids.size).toBe(3);
});

test("an exposed service of which every replica has failed says so", async () => {
  const { topology } = await greeter();
  const [front] = topology.services;
  const dying = { ...front!, replicas: 1, env: { BEHAVIOUR: "die" }, secrets: [] };
  const program = { ...(await greeter()), entry: fixture("plain.mjs"), topology: { ...topology, services: [dying] } };
  const runner = home.runner();
  const { status } = await home.apply(runner, program);
  await eventually(async () => {
    const [service] = (await runner.status("ports", home.context)).services;
    return service!.replicas[0]!.state === "failed" ? true : undefined;
  });
  const response = await fetch(status.services[0]!.endpoint!);
  expect(response.status).toBe(503);
  expect(await response.json()).toEqual({
    error: { code: "UNAVAILABLE", message: '"front" has no replica that works; look at its status and logs.' },
  });
});
