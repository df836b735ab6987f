import { createHmac } from "node:crypto";
import { service } from "@hadron/core";
import { secret } from "@hadron/core/spi";
import { expect, test } from "vitest";
import { type HmacForm, hmac, http, raw } from "../src/index.ts";
import { serveService } from "./serve.ts";

const coded = Buffer.from("a key of bytes").toString("base64");
process.env.FRONT_HOOK = `old-key new-key whsec_${coded}`;
const key = secret("FRONT_HOOK");
const body = '{ "n" : 1,\r\n "ü": 2 }';

const sign = (of: string | Buffer, text: string, as: "hex" | "base64" = "hex") =>
  createHmac("sha256", of).update(text).digest(as);

/** The headers with which each of them signs. */
function headersOf(form: HmacForm, text: string, of = "new-key", at = Math.floor(Date.now() / 1000)) {
  switch (form) {
    case "github":
      return { "x-hub-signature-256": `sha256=${sign(of, text)}` };
    case "stripe":
      return { "stripe-signature": `t=${at},v1=${"0".repeat(64)},v1=${sign(of, `${at}.${text}`)},v0=x` };
    case "slack":
      return { "x-slack-request-timestamp": String(at), "x-slack-signature": `v0=${sign(of, `v0:${at}:${text}`)}` };
    case "standard": {
      const bytes = of === "new-key" ? Buffer.from(coded, "base64") : of;
      const signature = `v1a,x v1,${sign(bytes, `msg_1.${at}.${text}`, "base64")}`;
      return { "webhook-id": "msg_1", "webhook-timestamp": String(at), "webhook-signature": signature };
    }
  }
}

const ago = (seconds: number) => Math.floor(Date.now() / 1000) - seconds;

test.each(["github", "stripe", "slack", "standard"] as const)(
  "a webhook signed as %s does comes as it was sent; no other comes",
  async (form) => {
    const hook = raw(({ body }) => String(Buffer.from(body)), { before: [hmac(key, { as: form, maxBodyBytes: 100 })] });
    await using web = await serveService(service("web", http({ "POST /hook": hook })));
    const post = async (headers: Record<string, string>, text = body) =>
      web.fetch("/hook", { method: "POST", body: text, headers: { ...headers, "content-type": "application/json" } });
    expect(await (await post(headersOf(form, body))).json()).toBe(body);
    expect((await post({})).status).toBe(401);
    expect((await post(headersOf(form, body), `${body} `)).status).toBe(401);
    expect((await post(headersOf(form, body, "another key"))).status).toBe(401);
    expect((await post(headersOf(form, "x".repeat(101)), "x".repeat(101))).status).toBe(413);
    if (form === "github") {
      expect((await post(headersOf(form, body, "old-key"))).status, "a key that is being replaced").toBe(200);
      return;
    }
    expect((await post(headersOf(form, body, "new-key", ago(290)))).status).toBe(200);
    expect((await post(headersOf(form, body, "new-key", ago(310)))).status).toBe(401);
    expect((await post(headersOf(form, body, "new-key", ago(-310)))).status).toBe(401);
  },
);

test("a header of one's own has the digest of the body", async () => {
  const hook = raw(({ body }) => body.length, { before: [hmac(key, { as: { header: "X-Signature" } })] });
  await using web = await serveService(service("web", http({ "POST /hook": hook })));
  const post = async (signature: string) =>
    (await web.fetch("/hook", { method: "POST", body, headers: { "x-signature": signature } })).status;
  expect(await post(sign("new-key", body))).toBe(200);
  expect(await post("")).toBe(401);
  expect(await post("zz")).toBe(401);
});
