import type { ErrorCode } from "@hadron/core";
import type { EntryPoint } from "../module/entry-point.ts";
import type { HostMemory } from "../module/limit.ts";
import type { Travelling } from "./shared-memory.ts";

/** A module as a thread gets it: compiled already, so that the threads of a part share its code. */
export interface ModuleSetup {
  /** How messages name it. */
  readonly label: string;
  readonly module: WebAssembly.Module;
  readonly entryPoint: EntryPoint;
  readonly memory: HostMemory | undefined;
  /** Whether it runs by itself as soon as it is instantiated. */
  readonly hasStart: boolean;
  readonly imports: readonly { readonly module: string; readonly name: string }[];
  /** What its imports of other names lead to. */
  readonly linked: Readonly<Record<string, ModuleSetup>>;
}

/** How a component is called. */
export type ComponentEntry =
  /** `wasi:cli/command`: its input is what it reads, and its output what it writes. */
  | { readonly kind: "bytes" }
  /** `wasi:http/proxy`: it answers requests. */
  | { readonly kind: "request" }
  /** A function that it exports, of an interface or its own, as the code that joins it names them. */
  | { readonly kind: "values"; readonly of: string | undefined; readonly name: string };

/** A component as a thread gets it. */
export interface ComponentSetup {
  readonly label: string;
  /** The JavaScript that joins its modules: a URL. */
  readonly glue: string;
  /** Compiled already, by what the glue calls them. */
  readonly cores: Readonly<Record<string, WebAssembly.Module>>;
  readonly entryPoint: ComponentEntry;
  /** Whether anything of it runs by itself as soon as it is instantiated. */
  readonly hasStart: boolean;
}

/** What a guest may do beside computing. */
export interface GuestGrants {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Folders of the machine, by where the guest finds them. */
  readonly folders: readonly { readonly at: string; readonly path: string; readonly isWritable: boolean }[];
  /** Whether its clock is as fine as the machine's; else it goes by milliseconds. */
  readonly clock: boolean;
  /** Whether its chance is any; else it is the same in each call. */
  readonly random: boolean;
  readonly kv: boolean;
  readonly net: boolean;
  /** Whether it may ask for what is the platform's, which hosts it. */
  readonly admin: boolean;
}

export interface GuestLimits {
  readonly outputBytes: number;
  /** Of what it writes to its log, the end is kept. */
  readonly logBytes: number;
  /** Buffers of the guest API that one call may have, and all that is in them. */
  readonly buffers: number;
  readonly bufferBytes: number;
}

/** What a thread is made with. */
export interface ThreadSetup {
  readonly main: ModuleSetup | ComponentSetup;
  readonly grants: GuestGrants;
  readonly limits: GuestLimits;
  /** Whether an instance is called again: as long as its calls end in order. */
  readonly isReused: boolean;
  /** See `SharedMemory`. */
  readonly shared: SharedArrayBuffer;
}

export type GuestInput =
  /** `bytes` undefined: they are asked for as they are read. */
  | { readonly kind: "bytes"; readonly bytes: Uint8Array | undefined; readonly isStreamed: boolean }
  | { readonly kind: "numbers"; readonly values: readonly (number | bigint)[] }
  /** Of a function of a component's: its one parameter, or a list of them. */
  | { readonly kind: "values"; readonly input: unknown }
  | { readonly kind: "request"; readonly request: ComponentRequest }
  | HostedInput;

/** A request as a component is given it. */
export interface ComponentRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly scheme: string;
  readonly authority: string | undefined;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
}

/** What a component answered. */
export interface ComponentAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
}

/** A call of a module that is not a handler of an app: all that is decided anew for each. */
export interface HostedInput {
  readonly kind: "hosted";
  readonly start: string;
  readonly values: readonly (number | bigint)[];
  readonly bytes: Uint8Array;
  /** Of the input buffer, in lower case. */
  readonly headers: readonly (readonly [string, string])[];
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface HostedOutput {
  readonly kind: "hosted";
  /** What was returned, or the exit status. */
  readonly result: number | bigint;
  readonly bytes: Uint8Array;
  /** Of the output buffer. */
  readonly headers: readonly (readonly [string, string])[];
  /** Of the output buffer; undefined where none was written. */
  readonly status: number | undefined;
}

export type GuestOutput =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "numbers"; readonly values: readonly (number | bigint)[] }
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "answer"; readonly answer: ComponentAnswer }
  | HostedOutput;

/** Why a call came to nothing. */
export interface GuestFailure {
  readonly code: ErrorCode;
  readonly message: string;
}

/** With its bytes as they travel. What is within others travels slower: so nothing is. */
type Mailed<T> = T extends { readonly bytes: infer B }
  ? Omit<T, "bytes"> & { readonly bytes: Travelling | Exclude<B, Uint8Array> }
  : T;

/** A call, or the answer to what its guest asked. */
export type ToThread = Mailed<GuestInput> | { readonly kind: "answer"; readonly answer: Answer };

export type FromThread =
  | { readonly type: "ready" }
  | { readonly type: "asks"; readonly question: Question }
  | ({ readonly type: "done"; readonly log: string } & Mailed<GuestOutput>)
  | { readonly type: "failed"; readonly failure: GuestFailure; readonly log: string };

/** How a call ended. */
export type GuestEnd =
  | { readonly type: "done"; readonly output: GuestOutput; readonly log: string }
  | { readonly type: "failed"; readonly failure: GuestFailure; readonly log: string };

/** What a guest waits for in the middle of a call. */
export type Question =
  | { readonly kind: "input" }
  | { readonly kind: "output"; readonly bytes: Uint8Array }
  | { readonly kind: "kv.get"; readonly key: string }
  | { readonly kind: "kv.set"; readonly key: string; readonly value: Uint8Array }
  | { readonly kind: "kv.list"; readonly prefix: string }
  | { readonly kind: "fetch"; readonly url: string }
  | { readonly kind: "admin"; readonly wish: AdminWish };

/** What a guest may want of the platform that hosts it. */
export type AdminWish =
  | { readonly kind: "digest"; readonly name: string }
  | { readonly kind: "bytes"; readonly digest: string }
  | { readonly kind: "status" }
  | {
      readonly kind: "file";
      readonly method: string;
      readonly path: string;
      readonly contentType: string;
      readonly bytes: Uint8Array;
    }
  | {
      readonly kind: "call";
      readonly name: string;
      readonly start: string;
      readonly arguments: readonly number[];
      readonly mode: string;
      readonly input: Uint8Array;
      readonly file: string;
      readonly argv: string;
    };

/** Bytes, or entries, or nothing: the end of the input, a key that is not there. Of a call by name what it returned, too. */
export type Answer =
  | {
      readonly ok: true;
      readonly bytes?: Uint8Array;
      readonly entries?: readonly (readonly [string, Uint8Array])[];
      readonly result?: number;
    }
  | { readonly ok: false; readonly failure: GuestFailure };
