/** After so much silence a comment is sent, so that whoever stands between does not take the connection for dead. */
const SILENCE_MS = 15_000;

const KEEP_ALIVE = ":\n\n";

/** What can be said of a server-sent event beside its data. */
export interface EventFields {
  /** Its name, for `addEventListener`. @default "message" */
  readonly event?: string;
  /** What the client tells as `Last-Event-ID` when it comes back. */
  readonly id?: string;
  /** After how long a client that lost the connection comes back. */
  readonly retryMs?: number;
}

/** A server-sent event with a name, or an id: what a route may yield in place of plain data. */
export class ServerEvent {
  readonly data: unknown;
  readonly fields: EventFields;

  constructor(data: unknown, fields: EventFields) {
    this.data = data;
    this.fields = fields;
  }
}

/**
 * Says a name, an id, or when to come back, of a server-sent event.
 *
 * @throws TypeError where the name or the id has a line break
 * @example yield event(order, { event: "placed", id: String(order.number) });
 */
export function event(data: unknown, fields: EventFields): ServerEvent {
  for (const name of ["event", "id"] as const) {
    if (/[\r\n\0]/.test(fields[name] ?? "")) throw new TypeError(`event: ${name} has a line break.`);
  }
  return new ServerEvent(data, fields);
}

/**
 * Turns items into server-sent events, each as JSON: https://html.spec.whatwg.org/multipage/server-sent-events.html. Rejects
 * where the items fail before the first of them is there, in the same turn: then there is still a status to say so.
 */
export async function toEvents(items: AsyncIterable<unknown>): Promise<AsyncIterable<string>> {
  const iterator = items[Symbol.asyncIterator]();
  const first = iterator.next();
  await Promise.race([first, new Promise(setImmediate)]);
  return write(iterator, first);
}

async function* write(
  iterator: AsyncIterator<unknown>,
  first: Promise<IteratorResult<unknown>>,
): AsyncGenerator<string> {
  let step = first;
  let over = false;
  try {
    for (;;) {
      const result = await within(step, SILENCE_MS);
      if (result === undefined) {
        yield KEEP_ALIVE;
        continue;
      }
      over = result.done === true;
      if (over) return;
      yield toText(result.value);
      step = iterator.next();
    }
  } catch (error) {
    over = true;
    throw error;
  } finally {
    // Not waited for: it may be at an `await` that ends with its signal alone.
    if (!over) iterator.return?.()?.catch(() => {});
  }
}

/** What a promise gives, or undefined after a while. */
async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function toText(item: unknown): string {
  const { data, fields } = item instanceof ServerEvent ? item : { data: item, fields: {} as EventFields };
  let text = "";
  if (fields.event !== undefined) text += `event: ${fields.event}\n`;
  if (fields.id !== undefined) text += `id: ${fields.id}\n`;
  if (fields.retryMs !== undefined) text += `retry: ${Math.round(fields.retryMs)}\n`;
  // JSON has no line break of its own.
  return `${text}data: ${JSON.stringify(data ?? null)}\n\n`;
}
