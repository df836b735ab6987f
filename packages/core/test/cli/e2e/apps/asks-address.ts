import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { speaker } from "./stands-in.ts";

const { host, port } = await speaker.address();
console.log(await text(connect(port, host)));
process.exit(0);
