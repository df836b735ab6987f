import { request } from "node:http";
import { INTERNAL_PORT } from "../../replica/layout.ts";

/** How long a replica may take to answer a question that is not a call. */
const PROBE_MS = 1_000;

/** What a replica answers to a GET on its internal port; undefined where it does not answer. */
export function probe(
  address: string,
  path: string,
  timeoutMs = PROBE_MS,
): Promise<{ status: number; text: string } | undefined> {
  return ask({ host: address, port: INTERNAL_PORT, path }, undefined, timeoutMs);
}

/** Sends one small request to a replica. Resolves to undefined where none answers: that is all there is to know. */
export function ask(
  to: { readonly host: string; readonly port: number; readonly path: string },
  body: string | undefined,
  timeoutMs = PROBE_MS,
): Promise<{ status: number; text: string } | undefined> {
  return new Promise((resolve) => {
    const headers = body === undefined ? {} : { "content-type": "application/json" };
    const asked = request({ ...to, headers, method: body === undefined ? "GET" : "POST", agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => finish({ status: response.statusCode ?? 0, text }));
      response.on("error", () => finish(undefined));
    });
    const timer = setTimeout(() => finish(undefined), timeoutMs);
    const finish = (answer: { status: number; text: string } | undefined) => {
      clearTimeout(timer);
      asked.destroy();
      resolve(answer);
    };
    asked.on("error", () => finish(undefined));
    asked.end(body);
  });
}
