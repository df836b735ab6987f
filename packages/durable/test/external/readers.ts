import { run, service } from "@hadron/core";
import { durable, external } from "../../src/index.ts";

const ocr = external<{ page: string; at: Date }, { text: string }>("ocr", {
  attempts: 3,
  leaseMs: 5000,
  backoffMs: 100,
});

/** Has its pages read by whoever takes them. */
export const reader = service(
  "reader",
  durable(async (pages: readonly string[]) => {
    const texts = await Promise.all(
      pages.map((page) =>
        ocr({ page, at: new Date(0) }).then(
          ({ text }) => text,
          (error) => `${error.code}: ${error.message}`,
        ),
      ),
    );
    return texts.join(" ");
  }),
  { replicas: 2, expose: true },
);

await run(reader);
