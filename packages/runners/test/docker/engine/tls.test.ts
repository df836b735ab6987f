import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type Server } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRunner } from "../../../src/docker/index.ts";
import { quiet, skip } from "../engine.ts";

describe.skipIf(skip !== undefined)(`an engine behind TLS${skip === undefined ? "" : ` (${skip})`}`, () => {
  let folder: string;
  let server: Server;
  let port: number;
  const openssl = (...words: readonly string[]) => execFileSync("openssl", words, { cwd: folder, stdio: "ignore" });

  /** An authority, and certificates of it for the engine and for whoever calls it. */
  function certify(): void {
    const key = ["-newkey", "rsa:2048", "-nodes"];
    openssl("req", "-x509", ...key, "-days", "2", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=ca");
    writeFileSync(join(folder, "names"), "subjectAltName=IP:127.0.0.1");
    for (const name of ["engine", "user"]) {
      openssl("req", ...key, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`);
      const by = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names"];
      openssl("x509", "-req", "-in", `${name}.csr`, ...by, "-out", `${name}.pem`);
    }
    mkdirSync(join(folder, "certs"));
    copyFileSync(join(folder, "ca.pem"), join(folder, "certs/ca.pem"));
    copyFileSync(join(folder, "user.pem"), join(folder, "certs/cert.pem"));
    copyFileSync(join(folder, "user.key"), join(folder, "certs/key.pem"));
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "hadron-tls-"));
    certify();
    const read = (name: string) => readFileSync(join(folder, name));
    const options = { cert: read("engine.pem"), key: read("engine.key"), ca: read("ca.pem"), requestCert: true };
    server = createServer({ ...options, rejectUnauthorized: true }, (one) => {
      const other = connect("/var/run/docker.sock");
      one.pipe(other).pipe(one);
      for (const socket of [one, other]) socket.on("error", () => socket.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    port = (server.address() as { port: number }).port;
  });
  afterAll(async () => {
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });

  const status = (certs: string) => {
    const env = { DOCKER_HOST: `tcp://127.0.0.1:${port}`, DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: certs };
    return createRunner({ flags: {}, explicitApp: false, env }).status("tls-nothing", quiet);
  };

  test("answers those who have its certificates", async () => {
    expect(await status(join(folder, "certs"))).toMatchObject({ runner: "docker", revision: null, services: [] });
  });

  test("is not trusted by those who do not know its authority, and the message says so", async () => {
    mkdirSync(join(folder, "none"));
    await expect(status(join(folder, "none"))).rejects.toMatchObject({
      code: "RUNNER_FAILED",
      message: expect.stringMatching(/certificate/),
    });
  });
});
