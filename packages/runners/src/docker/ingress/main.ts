import { passBytes } from "./pass-bytes.ts";
import { passCalls } from "./pass-calls.ts";
import type { IngressSettings } from "./settings.ts";

// The whole of an ingress's process. Its lines are those of a replica, so that the runner waits for it in the same way.
const settings = JSON.parse(process.env.INGRESS ?? "") as IngressSettings;
const say = (event: string) =>
  console.log(JSON.stringify({ time: new Date().toISOString(), level: "info", message: event, event }));

const door =
  "calls" in settings.target
    ? await passCalls(settings, settings.target.calls)
    : await passBytes(settings, settings.target.bytes);
say("ready");
process.once("SIGTERM", () => {
  say("draining");
  void door.drain(settings.limits.drainMs).finally(() => process.exit(0));
});
