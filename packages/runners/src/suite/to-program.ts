import { compose, hashTopology, type KubernetesOptions, type Program } from "@hadron/core/spi";

/** An app file as a program: what the command line makes of it. `values`: the services that it exports. */
export function toProgram(
  entry: string,
  app: string,
  values: readonly unknown[],
  secrets: Record<string, string> = {},
  kubernetes?: KubernetesOptions,
): Program {
  const { topology, kubernetesPatchOf } = compose(app, values, undefined, kubernetes);
  return { entry, topology, hash: hashTopology(topology), runCall: 1, secrets, kubernetesPatchOf };
}
