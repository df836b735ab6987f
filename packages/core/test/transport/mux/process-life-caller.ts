/** Calls once or twice and leaves the connection open: it must neither hold the process nor let it go too soon. */

import { createSystemClock } from "../../../src/clock/system-clock.ts";
import { HadronError } from "../../../src/errors.ts";
import { Scope } from "../../../src/scope/scope.ts";
import { createMuxTransport } from "../../../src/transport/mux/index.ts";

const [, , address = "", procedure = ""] = process.argv;
const said: string[] = [];
const hello = { app: "app", service: "echo", replica: "echo.0", topology: "t" };
const connection = createMuxTransport().connect(address, {
  self: hello,
  wanted: hello,
  stateChanged: (state) => said.push(state),
  maxOutputBytes: 1e6,
});
const scope = new Scope({ clock: createSystemClock(), deadlineAt: performance.now() + 20_000 });
if (procedure === "cancel") {
  const answer = connection.call({ procedure: "late", input: 1, scope });
  setTimeout(() => scope.cancel(new HadronError("CANCELLED", "enough")), 300);
  await answer.catch((error) => said.push(error.code));
} else {
  for (let i = 0; i < 2; i++) said.push(String(await connection.call({ procedure, input: procedure, scope })));
}
scope.end();
process.on("exit", () => {
  said.push("idle");
  process.stdout.write(`${said.join(" ")}\n`);
});
