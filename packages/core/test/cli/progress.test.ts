import { expect, test } from "vitest";
import { showProgress } from "../../src/cli/terminal/progress.ts";
import { createTerminal } from "../../src/cli/terminal/terminal.ts";
import { Kept } from "./command-rig.ts";

function shown(screen: boolean) {
  const stderr = new Kept();
  stderr.isTTY = screen;
  stderr.columns = 30;
  return { stderr, progress: showProgress(createTerminal(new Kept(), stderr, { NO_COLOR: "1" }, () => {})) };
}

test("where lines stay, a subject that changes quickly gets its first line and its last", () => {
  const { stderr, progress } = shown(false);
  for (let ready = 0; ready <= 100; ready++) progress.step("replicas", `${ready} of 100 ready`);
  progress.step("network", "there");
  progress.note("a base image was pulled");
  progress.done();
  expect(stderr.text).toBe(
    "replicas: 0 of 100 ready\nnetwork: there\na base image was pulled\nreplicas: 100 of 100 ready\n",
  );
});

test("on a screen notes stay above the steps, and no line is wider than the screen", async () => {
  const { stderr, progress } = shown(true);
  progress.step("image", "x".repeat(100));
  await stderr.has("image");
  progress.note("a note");
  progress.done();
  expect(stderr.text).toBe(`image ${"x".repeat(23)}\n\x1b[1A\r\x1b[Ja note\nimage ${"x".repeat(23)}\n\x1b[1A\r\x1b[J`);
});
