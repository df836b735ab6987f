/** gRPC for Node. Messages are the bytes of a string: no other encoding costs less. */
import {
  Client,
  credentials,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type sendUnaryData,
} from "@grpc/grpc-js";
import { hello } from "../../local/handlers.ts";
import { serveOther } from "./side.ts";

const method: MethodDefinition<string, string> = {
  path: "/bench.Target/Hello",
  requestStream: false,
  responseStream: false,
  requestSerialize: Buffer.from,
  requestDeserialize: String,
  responseSerialize: Buffer.from,
  responseDeserialize: String,
};

serveOther({
  listen() {
    const server = new Server();
    server.addService(
      { hello: method },
      { hello: ({ request }: { request: string }, done: sendUnaryData<string>) => done(null, hello(request)) },
    );
    return new Promise((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
        if (error) reject(error);
        else resolve(`127.0.0.1:${port}`);
      });
    });
  },
  connect(address) {
    const client = new Client(address, credentials.createInsecure());
    return (name) =>
      new Promise((resolve, reject) => {
        client.makeUnaryRequest(
          method.path,
          method.requestSerialize,
          method.responseDeserialize,
          name,
          (error, answer) => {
            if (error) reject(error);
            else resolve(answer);
          },
        );
      });
  },
});
