/** Programs outside of a deployment that call a service at a URL: through `connect()`, and over `node:http` alone. */
import { Agent, request as httpRequest } from "node:http";
import { connect } from "@hadron/core";
import { drive } from "../harness-drive.ts";
import { serveSide } from "../harness-process.ts";

type Call = (input: string) => Promise<unknown>;

let call: Call;

serveSide({
  async connect({ url }: { url: string }) {
    call = await connect<(name: string) => string>(url);
  },
  async plain({ url }: { url: string }) {
    call = createPlain(url);
  },
  drive: ({ inFlight, ms }) => drive(() => call("Ann"), { inFlight, ms }),
});

/** The least that a client over `node:http` does: no deadline, no cancellation, no limit, no streams. */
function createPlain(url: string): Call {
  const agent = new Agent({ keepAlive: true });
  let id = 0;
  return (input) =>
    new Promise((resolve, reject) => {
      const body = JSON.stringify({ jsonrpc: "2.0", method: "hello", params: [input], id: ++id });
      const headers = {
        "content-type": "application/json",
        accept: "application/json, application/x-ndjson",
        "hadron-timeout-ms": "30000",
        "content-length": Buffer.byteLength(body),
      };
      const request = httpRequest(url, { agent, method: "POST", headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const { result, error } = JSON.parse(Buffer.concat(chunks).toString()) as {
            result?: unknown;
            error?: unknown;
          };
          if (error === undefined) resolve(result);
          else reject(new Error(JSON.stringify(error)));
        });
        response.on("error", reject);
      });
      request.on("error", reject);
      request.end(body);
    });
}
