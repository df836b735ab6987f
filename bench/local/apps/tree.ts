// The histogram's tree with integers: ten leaves draw a hundred each, the root counts them into ten buckets.
import { run, service } from "@hadron/core";
import { scatter } from "@hadron/patterns";
import { gather, numbers } from "../handlers.ts";

export const tree = service("tree", scatter(10, numbers, gather), { expose: true });

await run(tree);
