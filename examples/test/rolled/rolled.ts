import { run } from "@hadron/core";
import { rolled } from "./rolled-app.ts";

await run(...rolled(1));
