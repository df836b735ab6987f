import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { serve } from "./serve.ts";

/** Opens connections, has one answer over each, and leaves them open. A process of its own: each has a limit of open files. */
const CLIENT = `
import { connect } from "node:net";
const [port, count] = process.argv.slice(-2).map(Number);
for (let opened = 0; opened < count; opened += 100)
  await Promise.all(Array.from({ length: 100 }, () => new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write("GET / HTTP/1.1\\r\\nhost: x\\r\\n\\r\\n"));
    socket.once("data", resolve).once("error", reject);
  })));
console.log("open");
setInterval(() => {}, 60_000);
`;

test("10,000 connections that are kept and idle cost little, and keep nobody waiting", {
  timeout: 300_000,
}, async () => {
  await using web = await serve({ "GET /": () => "here" });
  const before = process.memoryUsage().rss;
  const clients = [0, 1].map(() =>
    spawn(process.execPath, ["--input-type=module", "-e", CLIENT, String(web.port), "5000"], {
      stdio: ["ignore", "pipe", "inherit"],
    }),
  );
  try {
    await Promise.all(
      clients.map((client) =>
        Promise.race([
          once(client.stdout, "data"),
          once(client, "exit").then(() => Promise.reject(new Error("a client ended"))),
        ]),
      ),
    );
    for (let asked = 0; asked < 20; asked++) expect(await (await web.fetch("/")).json()).toBe("here");
    const eachBytes = (process.memoryUsage().rss - before) / 10_000;
    expect(eachBytes).toBeLessThan(64 * 1024);
  } finally {
    for (const client of clients) client.kill();
  }
});
