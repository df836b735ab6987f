/**
 * Starts as many bare node processes as the femto machine has replicas, all at once; exits when each has said that it is
 * there. Run by tsx, as the machine is.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";

const COUNT = 85;
const BARE = new URL("./bare-server.mjs", import.meta.url).pathname;

const children = Array.from({ length: COUNT }, () =>
  spawn(process.execPath, [BARE], { stdio: ["ignore", "ignore", "inherit", "ipc"] }),
);
await Promise.all(children.map((child) => once(child, "message")));
for (const child of children) child.kill("SIGKILL");
