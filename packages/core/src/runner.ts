import type { AddressFinder } from "./call/directory/addresses.ts";
import type { Directory } from "./call/directory/directory.ts";
import type { KubernetesPatch } from "./declare/containers/kubernetes.ts";
import type { Feature } from "./describe/features.ts";
import type { Topology } from "./describe/topology.ts";

/** What a runner is given: an app file as it was declared in this process. */
export interface Program {
  /** The absolute path of the app file. */
  readonly entry: string;
  readonly topology: Topology;
  /** {@link hashTopology} of it. */
  readonly hash: string;
  /**
   * Which call of run() in the process this is, from 1: an app file may import others that call run() themselves.
   * A replica gets it as HADRON_RUN.
   */
  readonly runCall: number;
  /** The values of the topology's secrets, from the environment of whoever deploys. */
  readonly secrets: Readonly<Record<string, string>>;
  /** What `run(…)` said of packages: which go along as they are, which are bundled. Overrules package.json. @default nothing */
  readonly packages?: { readonly external?: readonly string[]; readonly bundle?: readonly string[] };
  /** Computes the captured values of the app, once it is known what there is. Absent where it has none. */
  readonly capturing?: Capturing;
  /**
   * The captured values that are no secrets, as a text: in each replica it is the file `captures.json` beside the topology.
   * Absent until they are computed. A runner keeps it, and gives it back as what was before.
   */
  readonly captured?: string;
  /** What the app changes of the objects that are made of it on a cluster, by service; null: of the app. @default nothing */
  readonly kubernetesPatchOf?: (service: string | null) => KubernetesPatch | undefined;
}

/** Captured values as they are kept and deployed: texts that only core reads. */
export interface CapturedTexts {
  /** Undefined where there are none. */
  readonly plain: string | undefined;
  /** By the name of a secret. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** Computes the captured values of an app. */
export interface Capturing {
  /**
   * @param base names code and topology: while it is the same, values of `on: "revision"` stay as they are
   * @param before what was last applied, as far as the runner knows it
   */
  complete(base: string, before: CapturedTexts | undefined, signal: AbortSignal): Promise<CapturedTexts>;
}

/** What a runner tells while it works. Each call is one event; the command line shows them. */
export interface Progress {
  /** A step begins or goes on, e.g. `("image", "building")`. The same subject again replaces its line. */
  step(subject: string, detail: string): void;
  /** Something to keep on the screen. */
  note(text: string): void;
}

/** What a verb is given beside its arguments: how it is stopped, and where it tells what it does. */
export interface RunContext {
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /**
   * How long `apply`, `scale` and `delete` wait while somebody else changes the same app: see {@link Runner}. 0: not at all.
   * @default 60 000
   */
  readonly waitMs?: number | undefined;
}

/** What a change does to a thing. */
export type ChangeAction = "create" | "update" | "replace" | "delete" | ResourceAction;

/** What becomes of data, and no runner says: it has another name, or stays though nobody declares it any more. */
export type ResourceAction = "move" | "retain";

/** One thing that `apply` would change, and why. */
export interface Change {
  readonly action: ChangeAction;
  /** What kind of thing, in the runner's own words: `process`, `container`, `Deployment`. */
  readonly kind: string;
  readonly name: string;
  /** Why, e.g. `code changed`, or the fields that differ. */
  readonly because: string;
}

/** What `apply` would do, computed without doing any of it. */
export interface Plan {
  readonly changes: readonly Change[];
}

/** How a replica is: it comes up, takes calls, finishes what it has, or cannot run. */
export type ReplicaState = "starting" | "ready" | "draining" | "failed";

/** One replica as it is now. */
export interface ReplicaStatus {
  readonly name: string;
  readonly state: ReplicaState;
  /** How often it was started again. */
  readonly restarts: number;
  /** Why it is not ready or was restarted, e.g. `exit code 1`; null where there is nothing to say. */
  readonly reason: string | null;
  /** Calls that it has taken since it started; null where it cannot be asked. */
  readonly calls: number | null;
}

/** A service as it runs now: where it is called, and its replicas. */
export interface ServiceStatus {
  readonly name: string;
  /** An address that can be called from this machine, e.g. `http://127.0.0.1:40123`; null where it is not exposed. */
  readonly endpoint: string | null;
  readonly replicas: readonly ReplicaStatus[];
}

/** What runs of an app now. */
export interface AppStatus {
  readonly app: string;
  readonly runner: string;
  /** The applied version; null where nothing is deployed. */
  readonly revision: string | null;
  readonly services: readonly ServiceStatus[];
}

/** A line that a replica wrote. */
export interface LogLine {
  /** ISO 8601. */
  readonly time: string;
  readonly service: string;
  /** The replica's full name. */
  readonly replica: string;
  readonly line: string;
}

/** An app that runs, as `client.ts` lists it. */
export interface RunningApp {
  readonly app: string;
  readonly runner: string;
  readonly services: readonly {
    readonly name: string;
    readonly procedures: readonly string[];
    readonly endpoint: string | null;
  }[];
}

/** A way to call the services of a deployment from this machine, open until it is disposed of. */
export interface Connected extends AsyncDisposable {
  /** Where the replicas of each service are, as seen from here. */
  readonly directory: Directory;
  /**
   * Where a port of an image is, as seen from here; the way to it stays open as long as this. Absent: this runner cannot tell.
   * UNAVAILABLE where it is not known in time.
   */
  readonly address?: AddressFinder;
}

/** A deployment that lives and dies with this process, as under the local runner. */
export interface Attached extends AsyncDisposable {
  /** Settles when the deployment has ended by itself, or was told to by another process; with the reason. */
  readonly ended: Promise<string>;
}

/** What an `apply` came to. */
export interface Applied {
  readonly status: AppStatus;
  /** What was changed; empty for an app that was as declared. */
  readonly changes: readonly Change[];
  /** Present where the deployment ends with this process. */
  readonly attached?: Attached;
}

/** Data of an app: what its replicas stored, and secrets that were made for it. */
export interface AppData {
  /** What kind of thing, in the runner's own words: `folder`, `volume`, `PersistentVolumeClaim`. */
  readonly kind: string;
  readonly name: string;
  /** The service whose data it is; null where it is the whole app's. */
  readonly service: string | null;
  /** How much it is; null where nobody can tell. */
  readonly bytes: number | null;
}

/** What a `delete` removes beside what runs. */
export interface DeleteOptions {
  /** Whether data goes, too. What is removed with it cannot be had back. */
  readonly data: boolean;
}

/** How a `delete` ended. */
export interface Deleted {
  /** What should be gone and is not, in words, with the reason; empty where all is gone. */
  readonly left: readonly string[];
  /** Data that stays because nobody said that it should go. The next `apply` of the app finds it again. */
  readonly kept: readonly AppData[];
}

/**
 * Makes a topology run somewhere. Plan purely, apply thinly.
 *
 * All verbs fail with RUNNER_FAILED where the world does not answer (with the addresses tried and what to do), and with
 * WRONG_USE where the user asked for what there is not. All stop when the signal aborts.
 *
 * **Two who change one app at once** (`apply`, `scale`, `delete`, from whatever process or machine): the second waits until
 * the first is done, then looks at the world anew, and does what it was asked for. It says for whom it waits, as a step of
 * its progress. When the first has not ended after `waitMs` of its context, the second fails with RUNNER_FAILED, names who
 * holds the app, and has changed nothing. A holder that died is waited for no longer than it takes to see that. An app that
 * lives and dies with a process belongs to that process: another `apply` of it is WRONG_USE at once, since waiting helps
 * nobody.
 */
export interface Runner {
  /** `local`, `docker`, `kubernetes`. */
  readonly name: string;
  /** Compares topology and world. Changes nothing. */
  plan(program: Program, context: RunContext): Promise<Plan>;
  /** Idempotent. Interrupted at any point, the next apply completes it. Resolves when every replica is ready. */
  apply(program: Program, context: RunContext): Promise<Applied>;
  /** Nothing deployed: an empty list and a null revision. */
  status(app: string, context: RunContext): Promise<AppStatus>;
  logs(app: string, options: LogOptions, context: RunContext): AsyncIterable<LogLine>;
  /** Changes one service's replicas in place. */
  scale(app: string, service: string, replicas: number, context: RunContext): Promise<void>;
  connect(app: string, context: RunContext): Promise<Connected>;
  /**
   * Removes all that carries the app's label but its data, which goes only where the options say so; then looks again.
   * Nothing deployed: no failure, and data of before is told all the same.
   */
  delete(app: string, options: DeleteOptions, context: RunContext): Promise<Deleted>;
  /** The data of an app, whether it runs or not. Changes nothing. */
  data(app: string, context: RunContext): Promise<readonly AppData[]>;
  /** What runs now, of whoever made it. */
  list(context: RunContext): Promise<readonly RunningApp[]>;
  /** What `apply` would make, as a file that other tools take. WRONG_USE where there is no such form. */
  export(program: Program, context: RunContext): Promise<string>;
  /** What replicas would find of the app. Changes nothing. Absent: this runner cannot tell. */
  files?(program: Program, context: RunContext): Promise<readonly TakenAlong[]>;
}

/** Which lines of the log are wanted. */
export interface LogOptions {
  /** Only this service. */
  readonly service: string | undefined;
  /** Go on with what is still to come. */
  readonly follow: boolean;
  /** ISO 8601: what is older is not wanted. A runner that can leave it out may; the command line does so in any case. @default all */
  readonly since?: string | undefined;
  /** Of what is there, only the last lines of each replica are wanted, so many. May be left alone, too. @default all */
  readonly tail?: number | undefined;
}

/** A file that goes along with an app. */
export interface TakenAlong {
  /** Where a replica finds it, as seen from the folder that holds all of them. */
  readonly path: string;
  readonly bytes: number;
  /** Which part of an image it is in: a part is sent again only where something in it changed. */
  readonly layer: string;
  /** Why, for people: `read by src/app.ts`. */
  readonly because: string;
}

/** A flag of a runner's own, beside those that every verb takes. */
export interface RunnerFlag {
  /** Without dashes, e.g. `base-image`. Takes a value. */
  readonly name: string;
  /** Its value in `--help`, e.g. `IMAGE`. */
  readonly value: string;
  readonly help: string;
}

/**
 * What is known of a runner before its code is loaded. Every command may load it, so it imports nothing that is large.
 *
 * A runner is found, not listed: it is a subpath export `./NAME` of `@hadron/runners` with `./NAME/places` beside it, or a
 * package `hadron-runner-NAME` (or `@scope/hadron-runner-NAME`) with `./places`, installed where the app file would find it.
 */
export interface RunnerPlaces {
  /** Where apps run under it, in a few words, for `--help`: `containers, through the Docker Engine`. */
  readonly summary: string;
  /** Its own flags, beside those that every verb takes. */
  readonly flags: readonly RunnerFlag[];
  /** What it can do of what not every runner can. An app that asks for more is refused, before the runner hears of it. */
  readonly provides: readonly Feature[];
  /** Whether what it runs ends with the command that started it, so that `call` may start an app for one call. */
  readonly endsWithCommand: boolean;
  /**
   * Whether it can say what runs: `always`; `perhaps` where an engine or a cluster has to be asked, which may be slow or away;
   * `never` where there is nobody to ask. Looks at the environment and for files, and waits for nothing.
   */
  answers(env: Readonly<Record<string, string | undefined>>): "always" | "perhaps" | "never";
}

/** What a runner's module exports: `@hadron/runners/NAME`, or the main export of a package of its own. */
export interface RunnerModule extends RunnerPlaces {
  /**
   * `flags`: values of the flags that were given. `explicitApp`: whether the user named the app with --app; without it,
   * `apply` removes nothing of an app that shares no service with the file. Reads the environment here, and only here.
   */
  createRunner(options: {
    readonly flags: Readonly<Record<string, string>>;
    readonly explicitApp: boolean;
    readonly env: Readonly<Record<string, string | undefined>>;
    /** The absolute path of the app file, where the command is that of one. */
    readonly entry?: string;
  }): Runner;
}
