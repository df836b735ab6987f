/** Thrown while encoding, without a stack: it always becomes a HadronError, which has one. */
export class NotEncodable {
  readonly reason: "type" | "depth" | "size";

  constructor(reason: "type" | "depth" | "size") {
    this.reason = reason;
  }
}
