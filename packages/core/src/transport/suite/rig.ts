import type { Scope } from "../../scope/scope.ts";
import type { Connection, ConnectionState, Dispatcher, Hello, Transport } from "../transport.ts";
import { callScope, type Handler, SELF, TestDispatcher, WANTED } from "./test-dispatcher.ts";

/** One side that listens, for one test. */
export interface Listening {
  readonly address: string;
  /** Tells callers that it drains. Undefined: the transport cannot. */
  readonly goaway?: () => void;
  /** Breaks all connections at once and listens no more. */
  close(): Promise<void> | void;
}

/** What a transport gives to the suite. */
export interface TransportUnderTest {
  readonly transport: Transport;
  listen(dispatcher: Dispatcher): Promise<Listening>;
  /** An address where nobody listens. */
  readonly nowhere: string;
  /** Values of JavaScript beyond JSON survive. @default true */
  readonly richValues?: boolean;
  close?(): Promise<void> | void;
}

/** Makes both sides of a transport for one test. */
export type SetUp = (
  handlers: Readonly<Record<string, Handler>>,
  options?: Partial<Omit<Dispatcher, "dispatch">>,
  wanted?: Hello,
  maxOutputBytes?: number,
) => Promise<Both>;

/** A caller, and the side that it calls. */
export interface Both {
  readonly under: TransportUnderTest;
  readonly dispatcher: TestDispatcher;
  readonly listening: Listening;
  readonly connection: Connection;
  readonly connect: (address: string) => Connection;
  /** Of the connection, in order. */
  readonly states: ConnectionState[];
  readonly call: (procedure: string, input?: unknown, scope?: Scope) => Promise<unknown>;
}

/** @param closers Takes what ends each of what was made. */
export function createSetUp(
  create: () => Promise<TransportUnderTest> | TransportUnderTest,
  closers: (() => Promise<void> | void)[],
): SetUp {
  return async (handlers, options = {}, wanted = WANTED, maxOutputBytes = 256 * 1024 * 1024) => {
    const under = await create();
    if (under.close !== undefined) closers.push(under.close);
    const dispatcher = new TestDispatcher(handlers, options);
    const listening = await under.listen(dispatcher);
    closers.push(() => listening.close());
    const states: ConnectionState[] = [];
    const connect = (address: string): Connection => {
      const connection = under.transport.connect(address, {
        self: SELF,
        wanted,
        stateChanged: (state) => states.push(state),
        maxOutputBytes,
      });
      closers.push(() => connection.close());
      return connection;
    };
    const connection = connect(listening.address);
    const call = (procedure: string, input?: unknown, scope: Scope = callScope()) =>
      connection.call({ procedure, input, scope });
    return { under, dispatcher, listening, connection, connect, states, call };
  };
}

/** A handler that gives its input back. */
export const echo: Handler = ({ input }) => input;
