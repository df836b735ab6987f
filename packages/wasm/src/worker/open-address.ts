import { BytesFile, SinkFile } from "../wasi/virtual.ts";
import type { CallWorld } from "./call-world.ts";

/** A file that is in no folder. */
export interface AddressedFile {
  readonly file: BytesFile | SinkFile;
  readonly isWritable: boolean;
}

/** `api://input`, `api://output`, and what is got from elsewhere. Undefined: it is none of these. */
export function openAddress(path: string, world: CallWorld): AddressedFile | undefined {
  const address = path.match(/^(api|https?):\/{1,2}(.*)$/);
  if (address === null) return undefined;
  const [, scheme, rest] = address;
  if (scheme !== "api") {
    const { bytes } = world.ask({ kind: "fetch", url: `${scheme}://${rest}` });
    return { file: new BytesFile(bytes ?? new Uint8Array()), isWritable: false };
  }
  if (rest === "input") return { file: new BytesFile(world.input), isWritable: false };
  if (rest !== "output") return undefined;
  return { file: new SinkFile((bytes) => world.output.write(bytes)), isWritable: true };
}
