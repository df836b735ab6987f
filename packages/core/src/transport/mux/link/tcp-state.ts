/** What is known of the other end of a connection that is silent. */
export type PeerState =
  /** Its system has what was sent: whoever should answer is busy. */
  | "there"
  /** What was sent is not acknowledged, sent again and again. */
  | "gone"
  /** Something was sent just now, or is about to be sent again: soon it will be known. */
  | "unsure"
  | "unknown";

/** The two ends of a TCP connection, as `net.Socket` names them. */
export interface TcpEnds {
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** One is on its way to any peer that takes no more bytes for now; a second one means that the first had no answer. */
const MOST_PROBES = 1;

/**
 * Asks the system, on Linux, whether the other end of a TCP connection acknowledges what was sent to it: a system does so
 * also for a process whose event loop is blocked. Elsewhere it cannot be known. Never rejects.
 *
 * `/proc/self/net/tcp`: see https://www.kernel.org/doc/Documentation/networking/proc_net_tcp.txt.
 */
export async function readTcpState({
  localAddress,
  localPort,
  remoteAddress,
  remotePort,
}: TcpEnds): Promise<PeerState> {
  if (process.platform !== "linux" || localAddress === undefined || remoteAddress === undefined) return "unknown";
  const ends = `: ${toEnd(localAddress, localPort!)} ${toEnd(remoteAddress, remotePort!)} `;
  try {
    const table = await readTable(localAddress.includes(":") ? "/proc/self/net/tcp6" : "/proc/self/net/tcp");
    const at = table.indexOf(ends);
    if (at < 0) return "unknown";
    return judge(table.slice(at + ends.length, table.indexOf("\n", at)));
  } catch {
    // No such file in this sandbox.
    return "unknown";
  }
}

/** `st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout …`: hexadecimal, but for the last two. */
function judge(row: string): PeerState {
  const [, queues = "", timer = "", retransmits = "0", , probes = "0"] = row.trim().split(/\s+/);
  const unacknowledged = Number.parseInt(queues, 16);
  if (unacknowledged === 0) return "there";
  if (Number.parseInt(retransmits, 16) > 0 || Number(probes) > MOST_PROBES) return "gone";
  // 4: it says that it has no room for more, as one that is busy does in the end.
  return timer.startsWith("04") ? "there" : "unsure";
}

// Connections that fall silent at the same time share one look. It holds no state of any app.
const reading = new Map<string, Promise<string>>();

function readTable(path: string): Promise<string> {
  let table = reading.get(path);
  if (table === undefined) {
    table = import("node:fs/promises")
      .then(({ readFile }) => readFile(path, "latin1"))
      .finally(() => reading.delete(path));
    reading.set(path, table);
  }
  return table;
}

/** As the kernel prints it: words of 32 bits in the order of this machine. */
export function toEnd(address: string, port: number): string {
  const words = new Uint32Array(toBytes(address).buffer);
  const hex = (value: number, digits: number) => value.toString(16).toUpperCase().padStart(digits, "0");
  return `${[...words].map((word) => hex(word, 8)).join("")}:${hex(port, 4)}`;
}

function toBytes(address: string): Uint8Array {
  if (!address.includes(":")) return Uint8Array.from(address.split("."), Number);
  const [head = "", tail] = address.replace(/%.*$/, "").split("::");
  const first = toGroups(head);
  const last = tail === undefined ? [] : toGroups(tail);
  const zeros = new Array<number>(8 - first.length - last.length).fill(0);
  return Uint8Array.from([...first, ...zeros, ...last].flatMap((group) => [group >> 8, group & 255]));
}

function toGroups(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (!group.includes(".")) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split(".").map(Number);
    return [(a << 8) | b, (c << 8) | d];
  });
}
