// The least that a process of an app could be: one that listens on HTTP. Plain, as a bundle would have it at best.
const { createServer } = process.getBuiltinModule("node:http");

const server = createServer((request, response) => {
  request.resume();
  request.on("end", () => response.end(process.env.ANSWER));
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
