import type { StartContext } from "@hadron/core";
import type { Answer } from "../answer/answer.ts";
import { problem } from "../answer/http-answer.ts";
import { toAnswer } from "../answer/to-answer.ts";
import type { Found } from "../request/found.ts";
import { IncomingRequest } from "../request/incoming.ts";
import type { Heard, SocketRoute } from "../routes/socket-types.ts";
import { LiveSocket } from "./connection.ts";
import { type Agreed, shakeHands } from "./handshake.ts";
import { mayOpen } from "./origin.ts";
import { Room } from "./room.ts";

/** The end of the connection, behind which the handler may still have something to finish. */
const END = new Uint8Array(0);

/** The sockets of one replica. */
interface Here {
  readonly open: Set<LiveSocket>;
  readonly rooms: Map<Heard<unknown>, Room>;
  readonly signal: AbortSignal;
  /** Runs something outside of any call. */
  readonly outside: <T>(work: () => T) => T;
}

/** The sockets of one `http`, in whatever replicas run in this process. */
export class Sockets {
  readonly #replicas = new Map<string, Here>();

  /** Its replica starts; once that is told to stop, each socket hears that it goes. */
  readonly start = ({ replica, signal }: StartContext): void => {
    const { AsyncLocalStorage } = process.getBuiltinModule("node:async_hooks");
    const here: Here = { open: new Set(), rooms: new Map(), signal, outside: AsyncLocalStorage.snapshot() };
    this.#replicas.set(replica.name, here);
    signal.addEventListener("abort", () => {
      for (const socket of here.open) socket.leave();
    });
  };

  /** Answers a request for a socket: 101 and what it says, or why there is none. */
  async open(route: SocketRoute<any>, found: Found): Promise<Answer> {
    const { arrived, context } = found;
    const { options } = route;
    if (!arrived.upgrade)
      return shakeHands({ ...arrived, headers: arrived.headers, chunks: undefined }, options) as Promise<Answer>;
    const { origin, host } = arrived.headers;
    if (!mayOpen(origin, host, options.origins)) {
      return toAnswer(problem(403, "Pages of that origin may not open this socket (origins)."));
    }
    const here = this.#replicas.get(context.replica.name);
    if (here === undefined || here.signal.aborted) return toAnswer(problem(503, "The replica is stopping."));
    const room = options.hears === undefined ? undefined : this.#roomOf(here, options.hears);
    await room?.joined;
    const agreed = await shakeHands(arrived, options);
    if (!("socket" in agreed)) return agreed;
    return { status: 101, headers: agreed.headers, body: live(route, found, agreed, here, room) };
  }

  #roomOf(here: Here, heard: Heard<unknown>): Room {
    let room = here.rooms.get(heard);
    if (room === undefined) {
      room = here.outside(() => new Room(heard, here.signal));
      here.rooms.set(heard, room);
    }
    return room;
  }
}

/** What a socket sends, from when it is asked for until it is closed. */
async function* live(
  { handler, options }: SocketRoute<any>,
  { arrived, params, query, context }: Found,
  { socket, stream }: Agreed,
  here: Here,
  room: Room | undefined,
): AsyncGenerator<Uint8Array> {
  const one = new LiveSocket(socket, options, context);
  here.open.add(one);
  room?.members.add(one);
  void one.closed.then(() => {
    here.open.delete(one);
    room?.members.delete(one);
  });
  const request = new IncomingRequest(arrived, params, query, context, undefined, undefined);
  const incoming = Object.defineProperties(request, Object.getOwnPropertyDescriptors(one.given)) as never;
  const work = one.run(() => handler(incoming));
  work.catch(() => {});
  stream.open();
  if (here.signal.aborted) one.leave();
  try {
    yield* stream.output();
    yield END;
    await work;
  } finally {
    one.terminate();
  }
}
