import type { Address } from "../../declare/types.ts";
import { HadronError } from "../../errors.ts";
import type { Scope } from "../../scope/scope.ts";
import { unlessOver } from "../../scope/wait.ts";
import type { Directory } from "./directory.ts";

/** A port of an image, as it is declared. */
export interface ImagePort {
  readonly name: string;
  readonly number: number;
}

/** Finds where a port of an image is. Fails as a call fails: UNAVAILABLE where it is not known in time. */
export type AddressFinder = (service: string, port: ImagePort, scope: Scope) => Promise<Address>;

/** By a name in DNS: the image listens there, at the ports that it declares. */
export function addressesByName(hostOf: (service: string) => string): AddressFinder {
  return async (service, port) => ({ host: hostOf(service), port: port.number });
}

/** By what the replicas of stand-ins have told; one that starts, or is away, is waited for. */
export function addressesOfMembers(directory: Directory): AddressFinder {
  return async (service, { name }, scope) => {
    const find = () => {
      for (const { state, addresses } of directory.members(service)) {
        if (state === "ready" && addresses?.[name] !== undefined) return toAddress(addresses[name]);
      }
      return undefined;
    };
    const now = find();
    if (now !== undefined) return now;
    const { promise, resolve } = Promise.withResolvers<Address>();
    const unwatch = directory.watch(service, () => {
      const found = find();
      if (found !== undefined) resolve(found);
    });
    const found = await unlessOver(scope, promise).finally(unwatch);
    if (found !== undefined) return found;
    const why = directory.members(service).find((member) => member.reason !== undefined)?.reason;
    throw new HadronError(
      "UNAVAILABLE",
      `"${service}" has not told in time where its port "${name}" is${why === undefined ? "" : `: ${why}`}.`,
    );
  };
}

/** Parses `host:port`; of an IPv6 host, `[host]:port`. INTERNAL where it is none. */
export function toAddress(text: string): Address {
  const match = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(text);
  if (match?.[1] === undefined) throw new HadronError("INTERNAL", `"${text}" is no address: write host:port.`);
  return { host: match[1], port: Number(match[2]) };
}
