import { HadronError } from "../errors.ts";
import { didYouMean } from "../nearest.ts";
import type { ServiceTopology } from "./topology.ts";

/** The service that is to be scaled, if it may have that many replicas; WRONG_USE otherwise. Pure, and the same under every runner. */
export function checkScale(services: readonly ServiceTopology[], name: string, replicas: number): ServiceTopology {
  const names = services.map((service) => service.name);
  const service = services.find((declared) => declared.name === name);
  if (service === undefined) {
    throw new HadronError(
      "WRONG_USE",
      `There is no service "${name}".${didYouMean(name, names)} There are ${names.join(", ")}.`,
    );
  }
  if (!Number.isInteger(replicas) || replicas < 1 || replicas > 10_000) {
    throw new HadronError("WRONG_USE", `"${name}" cannot have ${replicas} replicas: from 1 to 10000.`);
  }
  if (replicas % service.groups !== 0) {
    throw new HadronError(
      "WRONG_USE",
      `"${name}" belongs to ${service.groups} shards, which have equally many each: give a multiple of ${service.groups}, not ${replicas}.`,
    );
  }
  if (service.storage !== null && !service.sharded && replicas > 1) {
    throw new HadronError(
      "WRONG_USE",
      `"${name}" has storage, and is the only one that writes to it: it cannot have ${replicas} replicas. Make it a leaf of shard() in ` +
        "the file, so that each replica has its own.",
    );
  }
  if (service.sharded && service.children.length > 0) {
    const children = service.children.map((child) => child.service).join(", ");
    throw new HadronError(
      "WRONG_USE",
      `Each shard of "${name}" has replicas of its own of ${children}, so that their numbers go together: change the count in the file and run \`up\`.`,
    );
  }
  return service;
}
