import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { once } from "node:events";

/** A DNS server on loopback with the addresses that a test gives to names, and how often each name was asked for. */
export class DnsServer implements AsyncDisposable {
  readonly addresses = new Map<string, readonly string[]>();
  readonly asked = new Map<string, number>();
  /** Answers SERVFAIL to all. */
  isIll = false;
  /** The same for these alone. */
  readonly illNames = new Set<string>();
  readonly #socket = createSocket("udp4");
  readonly #resolver = new Resolver({ tries: 1 });

  static async start(): Promise<DnsServer> {
    const server = new DnsServer();
    server.#socket.on("message", (question, { address, port }) => {
      server.#socket.send(server.#answer(question), port, address);
    });
    server.#socket.bind(0, "127.0.0.1");
    await once(server.#socket, "listening");
    server.#resolver.setServers([`127.0.0.1:${server.#socket.address().port}`]);
    return server;
  }

  /** As the system's resolver would, with this server. */
  readonly resolve = async (host: string): Promise<readonly string[]> => {
    try {
      return await this.#resolver.resolve4(host);
    } catch (error) {
      if (["ENOTFOUND", "ENODATA"].includes((error as NodeJS.ErrnoException).code!)) return [];
      throw error;
    }
  };

  async [Symbol.asyncDispose](): Promise<void> {
    this.#resolver.cancel();
    this.#socket.close();
    await once(this.#socket, "close");
  }

  /** RFC 1035, section 4: the question as it came, and an A record for each address. */
  #answer(question: Buffer): Buffer {
    const labels: string[] = [];
    let at = 12;
    for (; question[at] !== 0; at += 1 + question[at]!) {
      labels.push(question.toString("latin1", at + 1, at + 1 + question[at]!));
    }
    const name = labels.join(".");
    this.asked.set(name, (this.asked.get(name) ?? 0) + 1);
    const found = this.addresses.get(name);
    const code = this.isIll || this.illNames.has(name) ? 2 : found === undefined ? 3 : 0;
    const records = (code === 0 ? found! : []).map((address) =>
      Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, ...address.split(".").map(Number)]),
    );
    const head = Buffer.alloc(12);
    question.copy(head, 0, 0, 2);
    head.writeUInt16BE(0x8180 | code, 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(records.length, 6);
    return Buffer.concat([head, question.subarray(12, at + 5), ...records]);
  }
}
