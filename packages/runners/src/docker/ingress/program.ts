import { createServer, type Socket } from "node:net";
import { Arrivals, looksAtArrivals } from "@hadron/core/serving";
import { createSystemClock } from "@hadron/core/spi";
import type { IngressSettings } from "../names/ingress-form.ts";
import type { FromProgram, ToProgram } from "./messages.ts";
import { passBytes } from "./pass-bytes.ts";
import { passCalls } from "./pass-calls.ts";
import type { Passing } from "./passing.ts";
import { say } from "./say.ts";

/** Passes what outside callers send on to replicas: for a door, where one started it, else at a port of its own. */
export async function runProgram(): Promise<void> {
  const settings: IngressSettings = JSON.parse(process.env.INGRESS ?? "");
  const { target } = settings;
  const passing = behindArrivals(
    "calls" in target ? passCalls(settings, target.calls) : passBytes(settings, target.bytes),
    settings,
  );
  if (process.send === undefined) await serveAlone(passing, settings);
  else serveDoor(passing);
}

function behindArrivals(passing: Passing, settings: IngressSettings): Passing {
  if (!looksAtArrivals(settings)) return passing;
  const arrivals = new Arrivals(settings, createSystemClock(), (socket, client) => passing.take(socket, client));
  return { take: (socket) => arrivals.take(socket), drain: (withinMs) => passing.drain(withinMs) };
}

function serveDoor(passing: Passing): void {
  process.on("message", (message: ToProgram, socket: Socket | undefined) => {
    if (message.type === "drain") void passing.drain(message.withinMs).finally(() => process.exit(0));
    // A caller that went while its connection was handed over is nobody's.
    else if (socket !== undefined) passing.take(socket);
  });
  process.once("disconnect", () => process.exit(1));
  process.send?.({ type: "ready" } satisfies FromProgram);
}

async function serveAlone(passing: Passing, { listen, limits }: IngressSettings): Promise<void> {
  // Not paused: nothing wakes a socket that stays in its process.
  const server = createServer({ noDelay: true }, (socket) => passing.take(socket));
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(listen, "0.0.0.0", resolve));
  say("ready");
  process.once("SIGTERM", () => {
    say("draining");
    server.close();
    void passing.drain(limits.drainMs).finally(() => process.exit(0));
  });
}
