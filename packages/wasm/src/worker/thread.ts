import { parentPort, workerData } from "node:worker_threads";
import type { FromThread, ThreadSetup, ToThread } from "../guest/protocol.ts";
import { Asking } from "./asking.ts";
import { Caller } from "./run-call.ts";

/** A thread in which guests run, one after the other. It is ended from outside where one takes too long. */
if (parentPort !== null) {
  const port = parentPort;
  const setup: ThreadSetup = workerData;
  const asking = new Asking(setup.questions, setup.answered);
  const caller = new Caller(setup, (question) => asking.ask(question));
  const answer = (message: FromThread) => port.postMessage(message);
  port.on("message", ({ input }: ToThread) => {
    answer(caller.run(input));
    caller.prepare();
  });
  caller.prepare();
  answer({ type: "ready" });
}
