/** The platform, and a route in TypeScript that does what the module does that is plugged into it. */
import { run, service } from "@hadron/core";
import { http, route } from "@hadron/http";
import { platform } from "@hadron/platform";

export const cluster = service("cluster", platform(), { expose: true });
const upper = (bytes: Uint8Array) => Buffer.from(Buffer.from(bytes).toString().toUpperCase());
export const script = service("script", http({ "POST /upper": route({ body: "bytes" }, ({ body }) => upper(body)) }), {
  expose: true,
});

await run(cluster, script);
