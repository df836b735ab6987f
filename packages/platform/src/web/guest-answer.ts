import { HadronError } from "@hadron/core";
import type { WebAnswer } from "@hadron/core/spi";
import type { HostedResult } from "@hadron/wasm/host";

/** What the server says itself. */
const OWN = ["content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "trailer", "te"];

/** An answer of HTTP from what a guest wrote. HANDLER_FAILED where it is none, or a program ended with another status than 0. */
export function toWebAnswer(name: string, start: string, { status, headers, bytes, result }: HostedResult): WebAnswer {
  const fail = (why: string): never => {
    throw new HadronError("HANDLER_FAILED", `"${name}" ${why}.`);
  };
  if (status === undefined && start === "_start" && result !== 0) fail(`ended with exit status ${result}`);
  if (status !== undefined && (status < 200 || status > 599)) fail(`answered with the status ${status}, which is none`);
  const said = headers.filter(([header]) => !OWN.includes(header.toLowerCase()));
  const bad = said.find(
    ([header, value]) => !/^[\w!#$%&'*+.^`|~-]+$/.test(header) || /[^\t\x20-\x7e\x80-\xff]/.test(value),
  );
  if (bad !== undefined) fail(`answered with the header ${JSON.stringify(bad[0].slice(0, 40))}, which is none`);
  const isTyped = said.some(([header]) => header.toLowerCase() === "content-type");
  return {
    status: status ?? 200,
    headers: [...(isTyped ? [] : ["content-type", "text/plain; charset=utf-8"]), ...said.flat()],
    body: bytes,
  };
}
