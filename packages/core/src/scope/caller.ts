/** Who calls a handler. */
export interface Caller {
  /** The name of the service whose handler calls. */
  readonly service: string;
  /** The full name of its replica, e.g. `shop.1`; undefined where it has none. */
  readonly replica: string | undefined;
}
