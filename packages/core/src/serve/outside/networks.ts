import { isIP } from "node:net";

/** Tells whether an address is of some networks, such as `10.0.0.0/8` or `::1`. */
export type InNetworks = (address: string) => boolean;

/** Reads networks; the first that is none is told by throwing what `refuse` makes of it. */
export function readNetworks(networks: readonly string[], refuse: (network: string) => Error): InNetworks {
  // Asked for here: Node loads it apart, and a replica without such an address is spared it.
  const list = new (process.getBuiltinModule("node:net").BlockList)();
  for (const network of networks) {
    const [address = "", prefix] = network.split("/");
    const family = isIP(address);
    const most = family === 4 ? 32 : 128;
    const bits = prefix === undefined ? most : Number(prefix);
    if (family === 0 || !Number.isInteger(bits) || bits < 0 || bits > most) throw refuse(network);
    list.addSubnet(address, bits, family === 4 ? "ipv4" : "ipv6");
  }
  return (address) => {
    const family = isIP(address);
    return family !== 0 && list.check(address, family === 4 ? "ipv4" : "ipv6");
  };
}

/** What is one caller: an address of IPv4, however it is written; of IPv6 the /64, which whoever has one address of it has. */
export function callerOf(address: string): string {
  if (!address.includes(":")) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [before = "", after] = address.replace(/%.*$/, "").split("::");
  const groups = before === "" ? [] : before.split(":");
  const last = after === undefined || after === "" ? [] : after.split(":");
  while (groups.length + last.length < 8) groups.push("0");
  return [...groups, ...last]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}
