import { run, service } from "@hadron/core";
import { durable, exec, http } from "../../src/index.ts";

/** Runs programs, and gives what they did. */
export const script = service(
  "script",
  durable(async ({ folder }: { folder: string }) => {
    const cat = await exec("cat", ["sh", "-c", 'cat; echo "$GREETING $HADRON_KEY $HADRON_ATTEMPT" >&2; pwd; exit 3'], {
      cwd: folder,
      env: { GREETING: "hello" },
      stdin: "in\n",
    });
    // Fails twice, and counts in a file.
    const tried = await exec("tried", ["sh", "-c", "echo x >> tries; test $(wc -l < tries) -ge 3"], {
      cwd: folder,
      attempts: 5,
    });
    const failing = await exec("failing", ["false"], { attempts: 2 });
    const long = await exec("long", ["node", "-e", 'process.stdout.write("ü".repeat(700_000))']);
    const missing = await exec("missing", ["/no/such/program"], { attempts: 3 }).catch((error) => error.code);
    return { cat, tried: tried.status, failing: failing.status, missing, long: [long.stdout.length, long.truncated] };
  }),
);

/** Runs a program that never ends, with another below it. */
export const endless = service(
  "endless",
  durable(async ({ folder }: { folder: string }) => {
    const sleeping = ["sh", "-c", "sleep 1000 & echo $! > pid; wait"];
    return exec("endless", sleeping, { cwd: folder });
  }),
);

export const slow = service(
  "slow",
  durable(() => exec("slow", ["sleep", "1000"], { timeoutMs: 300 })),
);

/** Sends requests. */
export const asker = service(
  "asker",
  durable(async (url: string) => {
    const made = await http.request(`${url}/flaky?secret=1`, { json: { amount: 7 }, attempts: 4, backoffMs: 10 });
    const text = await http.request(`${url}/text`, { headers: { "Idempotency-Key": "own" } });
    const down = await http.request(`${url}/down`, { attempts: 2, backoffMs: 10 });
    const large = await http.request(`${url}/large`).catch((error) => [error.code, error.message]);
    const nobody = await http.request("http://127.0.0.1:1/").catch((error) => error.message);
    return { made: [made.status, made.body], text: text.body, down: down.status, large, nobody };
  }),
);

await run(script, endless, slow, asker);
