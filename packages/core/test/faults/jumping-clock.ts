/** A wall clock that can be made to jump, as one does that is set right. Put in the place of `Date` by being loaded. */
const RealDate = Date;
let offsetMs = 0;

const now = () => RealDate.now() + offsetMs;

const JumpingDate = new Proxy(RealDate, {
  construct: (target, args, as) => Reflect.construct(target, args.length === 0 ? [now()] : args, as),
  apply: () => new RealDate(now()).toString(),
  get: (target, key) => (key === "now" ? now : Reflect.get(target, key)),
});
RealDate.prototype.constructor = JumpingDate;
globalThis.Date = JumpingDate;

export function jumpClock(ms: number): void {
  offsetMs += ms;
}
