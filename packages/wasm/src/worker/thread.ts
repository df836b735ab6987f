import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { GuestError } from "../guest/error.ts";
import type { Answer, FromThread, GuestEnd, GuestInput, Question, ThreadSetup, ToThread } from "../guest/protocol.ts";
import { SharedMemory } from "../guest/shared-memory.ts";
import { openComponent } from "./component-caller.ts";
import { Caller } from "./run-call.ts";

/** So long it stands still for the next call; then it waits as any thread does, and tidies up. */
const STAND_STILL_MS = 200;

/** A thread in which guests run, one after the other. It is ended from outside where one takes too long. */
if (parentPort !== null) {
  const port = parentPort;
  // No stack is shown to anybody, and guests fail often on purpose: to find the end of a list, or whether a file is there.
  Error.stackTraceLimit = 0;
  const setup: ThreadSetup = workerData;
  const { main } = setup;
  const shared = new SharedMemory(setup.shared);
  const send = (message: FromThread) => port.postMessage(message);
  const look = (): ToThread | undefined => receiveMessageOnPort(port)?.message;

  /** Stands still until the replica answers: a guest cannot wait in any other way. */
  const ask = (question: Question): Answer & { ok: true } => {
    send({ type: "asks", question });
    const told = shared.wait(look);
    if (told?.kind !== "answer") throw new Error("the thread was woken without an answer");
    if (!told.answer.ok) throw new GuestError(told.answer.failure.code, told.answer.failure.message);
    return told.answer;
  };
  const caller = "glue" in main ? await openComponent({ ...setup, main }, ask) : new Caller({ ...setup, main }, ask);

  port.on("message", (first: ToThread) => {
    for (let told: ToThread | undefined = first; told !== undefined; told = shared.wait(look, STAND_STILL_MS)) {
      send(toMessage(caller.run(toInput(told, shared)), shared));
      caller.prepare();
    }
  });
  caller.prepare();
  send({ type: "ready" });
}

function toInput(told: ToThread, shared: SharedMemory): GuestInput {
  switch (told.kind) {
    case "answer":
      throw new Error("the thread was given an answer without a question");
    case "hosted":
      return { ...told, bytes: shared.take(told.bytes) };
    case "bytes":
      return { ...told, bytes: told.bytes === undefined ? undefined : shared.take(told.bytes) };
    default:
      return told;
  }
}

function toMessage(end: GuestEnd, shared: SharedMemory): FromThread {
  if (end.type === "failed") return end;
  const { type, output, log } = end;
  return "bytes" in output ? { type, log, ...output, bytes: shared.lay(output.bytes) } : { type, log, ...output };
}
