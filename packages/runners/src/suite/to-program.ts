import { compose, hashTopology, type Program } from "@hadron/core/spi";

/** An app file as a program: what the command line makes of it. `values`: the services that it exports. */
export function toProgram(
  entry: string,
  app: string,
  values: readonly unknown[],
  secrets: Record<string, string> = {},
): Program {
  const { topology } = compose(app, values);
  return { entry, topology, hash: hashTopology(topology), runCall: 1, secrets };
}
