/** Cap'n Web over one WebSocket. */
import { newWebSocketRpcSession, RpcTarget } from "capnweb";
import { WebSocket, WebSocketServer } from "ws";
import { hello } from "../../local/handlers.ts";
import { serveOther } from "./side.ts";

class Target extends RpcTarget {
  hello(name: string): string {
    return hello(name);
  }
}

serveOther({
  listen() {
    const wss = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    wss.on("connection", (socket) => newWebSocketRpcSession(socket as never, new Target()));
    return new Promise((resolve) => {
      wss.on("listening", () => resolve(`ws://127.0.0.1:${(wss.address() as { port: number }).port}`));
    });
  },
  connect(url) {
    const target = newWebSocketRpcSession<Target>(new WebSocket(url) as never);
    return (name) => target.hello(name);
  },
});
