import { createHash } from "node:crypto";
import type { Expose, ServiceTopology } from "@hadron/core/spi";

/** What an ingress's program is told, as JSON in the environment variable `INGRESS`. */
export interface IngressSettings extends Pick<Expose, "connectionsPerAddress" | "proxyProtocol"> {
  readonly app: string;
  readonly service: string;
  /** The port on which outside callers come. */
  readonly listen: number;
  /** The replicas' port, and whether it takes our calls or any bytes. */
  readonly target: { readonly calls: number } | { readonly bytes: number };
  /** The procedure that takes requests of HTTP. Absent where callers speak JSON-RPC. */
  readonly web?: string;
  /** The paths below which that is so. Absent: everywhere. */
  readonly webPaths?: readonly string[];
  readonly limits: ServiceTopology["limits"];
  /** Where its certificate and key are, and a name of their state, which chance made. Absent: it speaks no TLS. */
  readonly tls?: { readonly file: string; readonly state: string };
}

/** What should run behind the port: JSON in a file that the door looks at. */
export interface IngressForm {
  /** Names all of it. */
  readonly id: string;
  /** The hash of the program's code. */
  readonly program: string;
  readonly settings: IngressSettings;
}

/** The same program with the same settings has the same id. */
export function toForm(program: string, settings: IngressSettings): IngressForm {
  const id = createHash("sha256")
    .update(JSON.stringify([program, settings]))
    .digest("hex")
    .slice(0, 12);
  return { id, program, settings };
}

/** Where an ingress finds its program and its form: a volume of its own, filled before it starts and when they change. */
export const INGRESS_FOLDER = "/ingress";
/** The program, and the door before it: one bundle. */
export const PROGRAM_FILE = "ingress.mjs";
/** Its certificate and key, as JSON. */
export const CERTIFICATE_FILE = "certificate.json";
/** An {@link IngressForm}. Named so that it comes after the others in an archive, which is sorted. */
export const FORM_FILE = "wanted.json";
