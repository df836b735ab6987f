import { connect, isHadronError } from "@hadron/core";
import type { greet, math } from "./calc.ts";

/** A user's script: it knows the app's types, and where it is. */
const told = JSON.parse(process.argv[2] ?? "{}") as {
  readonly math: string | { readonly app: string; readonly service: string };
  readonly greet: string | { readonly service: string; readonly runner: string };
  readonly streams: boolean;
};

const codeOf = (error: unknown) => (isHadronError(error) ? error.code : String(error));
const say: Record<string, unknown> = {};
{
  await using client = await connect<typeof math>(told.math);
  await using hello = await connect<typeof greet>(told.greet);
  say.add = await client.add([1, 2]);
  say.greet = await hello("Ann");
  say.refuse = await client.refuse("thing").then(String, codeOf);
  say.late = await client.with({ timeoutMs: 50 }).forever().then(String, codeOf);
  say.count = [];
  for await (const n of client.count(3)) (say.count as number[]).push(n);
  say.sum = await client
    .sum(
      (async function* () {
        yield 1;
        yield 2;
      })(),
    )
    .catch(codeOf);
  say.when = await client.when(new Date());
  say.health = await client["hadron.health"]().then(({ service }) => service, codeOf);
  // @ts-expect-error: the types are the service's
  say.typed = client.subtract === undefined;
}
console.log(JSON.stringify(say));
