/** Connect over HTTP/2 with protobuf, its fastest. The service is described by hand, which a compiler would do otherwise. */
import { createServer } from "node:http2";
import { create, createFileRegistry } from "@bufbuild/protobuf";
import type { GenService } from "@bufbuild/protobuf/codegenv2";
import {
  FileDescriptorProtoSchema,
  file_google_protobuf_wrappers,
  type StringValueSchema,
} from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { connectNodeAdapter, createConnectTransport } from "@connectrpc/connect-node";
import { hello } from "../../local/handlers.ts";
import { serveOther } from "./side.ts";

type Methods = {
  hello: { methodKind: "unary"; input: typeof StringValueSchema; output: typeof StringValueSchema };
};

const text = ".google.protobuf.StringValue";
const wrappers = "google/protobuf/wrappers.proto";
const file = create(FileDescriptorProtoSchema, {
  name: "bench.proto",
  package: "bench",
  syntax: "proto3",
  dependency: [wrappers],
  service: [{ name: "Target", method: [{ name: "Hello", inputType: text, outputType: text }] }],
});
const registry = createFileRegistry(file, (name) => (name === wrappers ? file_google_protobuf_wrappers : undefined));
const Target = registry.getService("bench.Target") as GenService<Methods>;

serveOther({
  listen() {
    const adapter = connectNodeAdapter({
      routes: (router) => router.service(Target, { hello: ({ value }) => ({ value: hello(value) }) }),
    });
    const server = createServer(adapter);
    return new Promise((resolve) => {
      server.listen(0, "127.0.0.1", () => resolve(`http://127.0.0.1:${(server.address() as { port: number }).port}`));
    });
  },
  connect(baseUrl) {
    const client = createClient(Target, createConnectTransport({ baseUrl, httpVersion: "2", useBinaryFormat: true }));
    return async (value) => (await client.hello({ value })).value;
  },
});
