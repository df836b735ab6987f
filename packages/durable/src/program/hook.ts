import { frameFor } from "../engine/frame.ts";

/** A mailbox of a run. */
export interface Hook<T> extends AsyncIterable<T> {
  readonly name: string;
  /** Whoever knows it may send to this hook. Nobody guesses it, and it is dead when the run is over. */
  readonly token: string;
  /**
   * Where it takes webhooks: `POST` of a body of any type, up to 1 MiB. JSON arrives parsed, anything else as `WebhookBody`.
   * Answered with 200 once it is kept; a second one of the same `Idempotency-Key` is none; 410 when the run is over. The path
   * alone, where the program is not exposed or its runner cannot know its address: say `expose: { url }` then.
   */
  readonly url: string;
  /**
   * The next message: what came before it was asked for waits. While it is pending, the same promise; one that lost a race
   * keeps its message for the next who asks.
   */
  next(): Promise<T>;
}

/**
 * A mailbox for what comes from outside: people, webhooks, other programs. Of one name there is one in a run.
 *
 * @example
 * const approval = hook<Approval>("approved");
 * await mail({ to: boss, link: approval.url });
 * const { by } = await approval.next();
 */
export function hook<T = unknown>(name: string): Hook<T> {
  const frame = frameFor(`hook("${name}")`);
  const token = frame.token(name);
  const next = () => {
    const { execution, isShielded } = frameFor(`the next message of hook "${name}"`);
    return execution.next(name, isShielded) as Promise<T>;
  };
  return {
    name,
    token,
    get url() {
      return `${frame.doorUrl}/hooks/${token}`;
    },
    next,
    async *[Symbol.asyncIterator]() {
      for (;;) yield await next();
    },
  };
}
