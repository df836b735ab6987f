import { testEveryExample } from "./every-example.ts";

testEveryExample("local", { timeoutMs: 30_000 });
