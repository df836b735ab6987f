import { hostHere } from "@hadron/core/spi";

/** What something outside of this process is asked: a test's virtual time stands still until it has answered. */
export function outsideTime<T>(work: Promise<T>): Promise<T> {
  return hostHere()?.clock.outside(work) ?? work;
}
