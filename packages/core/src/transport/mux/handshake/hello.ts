import type { Hello } from "../../transport.ts";
import { type Headers, header, toHeaderValue } from "./head.ts";

/** Who speaks, as headers of the handshake. */
export function toHelloHeaders({ app, service, replica, topology }: Hello): string {
  return (
    `Hadron-App: ${toHeaderValue(app)}\r\nHadron-Service: ${toHeaderValue(service)}\r\n` +
    `${replica === undefined ? "" : `Hadron-Replica: ${toHeaderValue(replica)}\r\n`}Hadron-Topology: ${toHeaderValue(topology)}\r\n`
  );
}

/** Reads what {@link toHelloHeaders} wrote; what is missing is empty. */
export function readHello(headers: Headers): Hello {
  return {
    app: header(headers, "hadron-app") ?? "",
    service: header(headers, "hadron-service") ?? "",
    replica: header(headers, "hadron-replica"),
    topology: header(headers, "hadron-topology") ?? "",
  };
}
