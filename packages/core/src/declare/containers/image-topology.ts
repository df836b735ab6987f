/** What is known of a container image. What was not declared is absent. */
export interface ImageTopology {
  readonly reference: string;
  /** What its command, or its entry point, is started with. Empty: what the image says. */
  readonly args: readonly string[];
  /** Takes the place of its entry point. */
  readonly command?: readonly string[];
  /** The ports on which it listens, by name, in order; the first is the main one. */
  readonly ports: Readonly<Record<string, number>>;
  /** When it is ready. Absent: when its main port accepts connections, or at once where it has none. */
  readonly ready?: Readiness;
  /** Whom it runs as. Absent: whom the image or the runner says. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** How an image tells that it is ready. Ports are told by their names. */
export type Readiness =
  /** The port accepts connections. */
  | { readonly tcp: string }
  /** A GET of the path is answered with a status from 200 to 399. */
  | { readonly http: { readonly port: string; readonly path: string } }
  /** The command, run in its container, ends with status 0. */
  | { readonly command: readonly string[] }
  /** It has written a line that this regular expression finds something in. */
  | { readonly log: string };
