// A pattern of your own is a function from parts to a part. This one asks a second service where the first fails.
import { HadronError, type Handler, type Input, type Output, type Part, type PartOf, run, service } from "@hadron/core";
import { type ChildClient, child, pattern } from "@hadron/core/spi";

function fallback<H extends Handler>(first: PartOf<H>, second: PartOf<H>): Part<(...input: Input<H>) => Output<H>> {
  const ask = (client: ChildClient<Handler>, input: unknown) => client.call(client.procedures[0]!.name, input);
  return pattern({
    name: "fallback",
    children: { first: child(first as PartOf<Handler>), second: child(second as PartOf<Handler>) },
    root: (clients) => (input: unknown) => ask(clients.first, input).catch(() => ask(clients.second, input)),
  }) as Part<unknown> as Part<(...input: Input<H>) => Output<H>>;
}

const precise = (city: string) => {
  if (city !== "Oslo") throw new HadronError("NOT_FOUND", `No station in ${city}.`);
  return { city, degrees: -3.5, source: "station" };
};
const rough = (city: string) => ({ city, degrees: 12, source: "climate table" });

export const weather = service("weather", fallback(precise, rough), { expose: true });

await run(weather);
