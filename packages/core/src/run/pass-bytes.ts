import { connect, type Socket } from "node:net";
import type { Address } from "../declare/types.ts";

/** Passes a connection on to where a stand-in listens: it speaks a protocol of its own. */
export function passBytes(from: Socket, to: Address): void {
  const onward = connect(to);
  // Whichever end goes first takes the other along.
  from.on("error", () => onward.destroy()).on("close", () => onward.destroy());
  onward.on("error", () => from.destroy()).on("close", () => from.destroy());
  from.pipe(onward).pipe(from);
}
