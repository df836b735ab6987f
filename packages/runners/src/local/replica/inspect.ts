import { didYouMean, HadronError, replicaName, type ServiceTopology } from "@hadron/core/spi";

/** Which replicas have Node's inspector: `--inspect=SERVICE` all of a service, `--inspect=SERVICE.N` one of them. */
export type Inspected = (service: string, ordinal: number) => boolean;

/** WRONG_USE where `--inspect` names no service and no replica of one. */
export function toInspected(named: string | undefined, services: readonly ServiceTopology[]): Inspected {
  if (named === undefined) return () => false;
  // A service whose name is that of another's replica would be meant first; dots part both alike.
  if (services.some(({ name }) => name === named)) return (service) => service === named;
  const [, of, ordinal] = /^(.*)\.(\d+)$/.exec(named) ?? [];
  const service = services.find(({ name }) => name === of);
  if (service !== undefined && Number(ordinal) < service.replicas) {
    return (service, ordinal) => replicaName(service, ordinal) === named;
  }
  const names = services.map(({ name }) => name);
  const known =
    service === undefined
      ? `there is no such service.${didYouMean(of ?? named, names)} There are ${names.join(", ")}`
      : `"${of}" has ${service.replicas === 1 ? "the replica 0" : `replicas 0 to ${service.replicas - 1}`}`;
  throw new HadronError("WRONG_USE", `--inspect is "${named}": ${known}.`);
}

/** Any free port: several replicas are inspected at once, and each process of a replica gets another. */
export const INSPECT_FLAG = "--inspect=127.0.0.1:0";

/** The address of a process's inspector, out of what Node writes when it opens it; undefined for any other line. */
export function inspectorAddress(line: string): string | undefined {
  return /^Debugger listening on (ws:\/\/\S+)$/.exec(line)?.[1];
}
