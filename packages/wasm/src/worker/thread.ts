import { parentPort, workerData } from "node:worker_threads";
import type { FromThread, ThreadSetup, ToThread } from "../guest/protocol.ts";
import { Asking } from "./asking.ts";
import { runCall } from "./run-call.ts";

/** A thread in which guests run, one after the other. It is ended from outside where one takes too long. */
if (parentPort !== null) {
  const port = parentPort;
  const setup: ThreadSetup = workerData;
  const asking = new Asking(setup.questions, setup.answered);
  const answer = (message: FromThread) => port.postMessage(message);
  port.on("message", ({ input }: ToThread) => answer(runCall(setup, input, (question) => asking.ask(question))));
  answer({ type: "ready" });
}
