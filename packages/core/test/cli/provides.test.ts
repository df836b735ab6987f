import { expect, test } from "vitest";
import { compose } from "../../src/describe/compose/compose.ts";
import { findLack, toLackError } from "../../src/describe/features.ts";
import { image, type KubernetesOptions, service } from "../../src/index.ts";
import { type ExposeOptions, secret } from "../../src/spi.ts";
import { enter } from "./command-rig.ts";

const cache = service("cache", image("redis:7", { port: 6379 }));
const vault = service("vault", () => 1, { generated: ["PASSWORD"] });

test.each(["up", "plan", "export"])("%s refuses what the runner cannot do, and says which can", async (verb) => {
  const { status, err, runner } = await enter({ services: [cache], argv: [verb] });
  expect(status).toBe(2);
  expect(err).toBe(
    'WRONG_USE: "cache" is the image redis:7, and the local runner runs no containers: use --runner=docker or ' +
      "--runner=kubernetes, or give it a part that takes its place, image(…, { standIn }).\n",
  );
  expect(runner.applied).toBeUndefined();
});

test("what no runner that is installed can do is said so", async () => {
  const { status, err } = await enter({ services: [vault], argv: ["up", "--runner=docker"] });
  expect(status).toBe(2);
  expect(err).toContain(
    '"vault" asks for generated secrets (PASSWORD), and the docker runner makes none: no runner that is installed does.',
  );
});

test("a runner that can is asked, and so is one for what needs nothing of it", async () => {
  expect((await enter({ services: [cache], argv: ["plan", "--runner=docker"] })).status).toBe(0);
  expect((await enter({ services: [cache], argv: ["status"] })).status).toBe(0);
  expect((await enter({ services: [cache], argv: ["describe"] })).status).toBe(0);
});

const asked = (expose: ExposeOptions, ingress?: KubernetesOptions["ingress"]) => {
  const web = service("web", () => 1, { expose, ...(ingress === undefined ? {} : { kubernetes: { ingress } }) });
  const lack = findLack(compose("app", [web]).topology, ["ingress-tls", "connections"]);
  return lack === undefined ? undefined : toLackError(lack, "the kubernetes runner").message;
};

test("TLS without an Ingress, or for which no certificate is said, is not what a cluster's Ingress can do", () => {
  const pair = { cert: "cert.pem", key: secret("KEY") };
  const name = { via: "ingress", hostname: "shop.example" } as const;
  expect(asked({ tls: pair })).toMatch(
    /^"web" is to be exposed over TLS .* have an Ingress end it, with a certificate/,
  );
  expect(asked({ ...name, tls: true })).toMatch(/say whose certificate its Ingress has: kubernetes: \{ ingress/);
  expect(asked({ ...name, tls: pair })).toBeUndefined();
  expect(asked({ ...name, proxyProtocol: ["::1"] })).toMatch(
    /^"web" looks at its callers' connections .* sees those of its Ingress alone: say that to .* "node-port" or "load-balancer"/,
  );
  expect(asked({ via: "load-balancer", proxyProtocol: ["::1"] })).toBeUndefined();
  expect(asked({ connectionsPerAddress: 7 })).toBeUndefined();
  expect(asked({ ...name, tls: true }, { tls: { clusterIssuer: "letsencrypt" } })).toBeUndefined();
  expect(asked({ ...name, tls: true }, { gateway: "edge/public" })).toBeUndefined();
});

test("a certificate is of files or secrets, and for services of code; who deploys has to have its secrets, and no replica gets them", async () => {
  // @ts-expect-error: a key is a path or a secret
  expect(() => service("web", () => 1, { expose: { tls: { cert: "cert.pem", key: 7 } } })).toThrow(
    "expose.tls should be true",
  );
  const redis = service("redis", image("redis:7"), { expose: { tls: true } });
  expect(() => compose("app", [redis])).toThrow('service "redis": expose.tls is for services of your code');
  const web = service("web", () => 1, { expose: { tls: { cert: secret("CERT"), key: secret("KEY") } } });
  const [{ exposed, secrets } = {}] = compose("app", [web]).topology.services;
  expect([exposed?.tls, secrets]).toEqual([{ cert: { secret: "CERT" }, key: { secret: "KEY" } }, []]);
  const { status, err } = await enter({ services: [web], argv: ["up"] });
  expect([status, err]).toEqual([
    1,
    expect.stringContaining('CERT (of "web"), KEY (of "web") are not in the environment'),
  ]);
});
