import { service } from "@hadron/core";
import { auth, http, listenAt, route, type SessionKept } from "@hadron/http";
import { keyValue } from "@hadron/resources";

const keys = keyValue<{ id: string }>("keys");
const sessions = keyValue<SessionKept>("sessions");
const session = auth.session(sessions);
const known = auth.any(auth.apiKey({ keys }), session);

/** An app of two addresses, of which each version answers with its own number, and with who asks. */
export function rolled(version: number) {
  const options = { replicas: 2, capacity: { memoryMiB: 128 }, limits: { drainMs: 5000 } };
  const greet = service("greet", () => ({ version }), options);
  const routes = {
    "GET /site/version": () => ({ version }),
    "POST /site/keys/:id": async ({ params }: { params: { id: string } }) => {
      await keys.set(auth.hashKey(`key of ${params.id}`), { id: params.id });
    },
    "POST /site/login/:id": async ({ params }: { params: { id: string } }) =>
      new Response(null, { status: 204, headers: { "set-cookie": await session.start({ id: params.id }) } }),
    "POST /site/logout/:id": ({ params }: { params: { id: string } }) => session.endAll(params.id),
    "GET /site/me": route({ before: [known] }, ({ context }) => context.caller?.user?.id),
  };
  const web = service("web", http(routes), { ...options, uses: [keys, sessions], generated: ["HADRON_USER_KEY"] });
  return [
    listenAt("http://localhost:30085/greet", "POST", greet),
    listenAt("http://localhost:30085/site/*", "*", web),
  ] as const;
}
