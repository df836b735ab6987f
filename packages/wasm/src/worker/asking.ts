import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { GuestError } from "../guest/error.ts";
import type { Answer, Question } from "../guest/protocol.ts";

/** Asks the replica's own thread something and stands still until it answers: a guest cannot wait in any other way. */
export class Asking {
  readonly #port: MessagePort;
  readonly #answered: Int32Array;

  constructor(port: MessagePort, answered: SharedArrayBuffer) {
    this.#port = port;
    this.#answered = new Int32Array(answered);
  }

  /** Throws {@link GuestError} where the answer is a failure. */
  ask(question: Question): Answer & { ok: true } {
    Atomics.store(this.#answered, 0, 0);
    this.#port.postMessage(question);
    Atomics.wait(this.#answered, 0, 0);
    const answer: Answer | undefined = receiveMessageOnPort(this.#port)?.message;
    if (answer === undefined) throw new Error("the thread was woken without an answer");
    if (!answer.ok) throw new GuestError(answer.failure.code, answer.failure.message);
    return answer;
  }
}
