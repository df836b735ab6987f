import { expect, test } from "vitest";
import { upLocal } from "./up-local.ts";

/** Of Debian's package `chromium`, unless said otherwise. */
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

test("two windows of a browser talk; a page of another site does not", async () => {
  await using app = await upLocal("chat");
  const { chromium } = await import("playwright-core");
  await using browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  const windows = await Promise.all([1, 2, 3, 4].map(() => browser.newPage()));
  for (const window of windows) {
    await window.goto(app.endpoint("chat"));
    await window.getByText("Welcome.").waitFor();
  }
  const [ann, bob] = windows;
  await ann?.getByLabel("Name").fill("Ann");
  await ann?.getByLabel("Text").fill("hello <b>all</b>");
  await ann?.getByRole("button").click();
  for (const window of windows) await window.getByText("Ann: hello <b>all</b>").waitFor();

  app.killAll();
  // Each window comes back by itself, to a replica that was started anew.
  for (const window of windows)
    await expect.poll(() => window.getByText("Welcome.").count(), { timeout: 30_000 }).toBe(2);
  await bob?.getByLabel("Name").fill("Bob");
  await bob?.getByLabel("Text").fill("still there?");
  await bob?.getByRole("button").click();
  for (const window of windows) await window.getByText("Bob: still there?").waitFor();

  const evil = await browser.newPage();
  await evil.route("http://evil.example/", (route) => route.fulfill({ contentType: "text/html", body: "evil" }));
  await evil.goto("http://evil.example/");
  const closed = await evil.evaluate(
    (url) =>
      new Promise((resolve) => {
        const socket = new WebSocket(url);
        socket.onopen = () => resolve("open");
        socket.onclose = ({ code }) => resolve(code);
      }),
    `${app.endpoint("chat").replace(/^http/, "ws")}/live`,
  );
  expect(closed).toBe(1006);
}, 120_000);
