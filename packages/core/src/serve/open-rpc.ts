import type { ProcedureDefinition } from "../declare/definition.ts";
import { ERROR_CODES } from "../errors.ts";
import { toJsonSchema } from "./json-schema.ts";

/** Describes a service's procedures as an OpenRPC 1.3 document (https://spec.open-rpc.org). */
export function toOpenRpc(service: string, version: string, procedures: readonly ProcedureDefinition[]): unknown {
  return {
    openrpc: "1.3.2",
    info: { title: service, version: version === "" ? "0" : version },
    methods: procedures.map(({ name, options }) => ({
      name,
      ...(options.description === undefined ? {} : { summary: options.description }),
      paramStructure: "either",
      params: [{ name: "input", required: options.input !== undefined, schema: toJsonSchema(options.input, "input") }],
      result: { name: "output", schema: toJsonSchema(options.output, "output") },
      "x-idempotent": options.idempotent ?? false,
    })),
    components: {
      errors: Object.fromEntries(
        Object.entries(ERROR_CODES).map(([code, { rpc }]) => [code, { code: rpc, message: code }]),
      ),
    },
  };
}
