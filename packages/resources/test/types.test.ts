import type { Part } from "@hadron/core";
import { expectTypeOf, test } from "vitest";
import { z } from "zod";
import { consume, subscribe } from "../../patterns/src/index.ts";
import { type Entry, type KeyValue, keyValue, type Queue, queue, topic } from "../src/index.ts";

const Mail = z.object({ to: z.string(), tries: z.string().transform(Number) });
type MailKept = { to: string; tries: number };

test("a schema says what is kept by key", () => {
  const mails = keyValue("mails", { value: Mail });
  expectTypeOf(mails).toEqualTypeOf<KeyValue<MailKept>>();
  expectTypeOf(mails.get).returns.toEqualTypeOf<Promise<MailKept | undefined>>();
  expectTypeOf<Awaited<ReturnType<typeof mails.entry>>>().toEqualTypeOf<Entry<MailKept> | undefined>();
  // @ts-expect-error: tries are missing
  const missing = () => mails.set("a", { to: "ann" });
  // @ts-expect-error: an earlier value becomes one that fits
  const upgrade = () => keyValue("mails", { value: Mail, upgrade: () => "mail" });
  void [missing, upgrade];
});

test("without a schema, the type that is said is kept", () => {
  const counts = keyValue<number>("counts");
  expectTypeOf(counts.get).returns.toEqualTypeOf<Promise<number | undefined>>();
  // @ts-expect-error: a count is a number
  const wrong = () => counts.set("a", "1");
  void wrong;
});

test("a queue's schema says what is sent, what is its key, and what its consumers get", () => {
  const emails = queue("emails", {
    message: Mail,
    key: (mail) => {
      expectTypeOf(mail).toEqualTypeOf<MailKept>();
      return mail.to;
    },
  });
  expectTypeOf(emails).toEqualTypeOf<Queue<MailKept>>();
  const mailer = consume(emails, (mail, { attempt, signal }) => {
    expectTypeOf(mail).toEqualTypeOf<MailKept>();
    expectTypeOf(attempt).toEqualTypeOf<number>();
    expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
  });
  expectTypeOf(mailer).toEqualTypeOf<Part<{}>>();
  // @ts-expect-error: a message is a mail
  const send = () => emails.send("hello");
  // @ts-expect-error: the handler takes a mail
  const handle = () => consume(emails, (message: number) => message);
  // @ts-expect-error: what is kept by key hands out no work
  const source = () => consume(keyValue("mails"), () => {});
  void [send, handle, source];
});

test("subscribers of a topic get its messages", () => {
  const arrivals = topic("arrivals", { message: Mail });
  subscribe(arrivals, (mail) => {
    expectTypeOf(mail).toEqualTypeOf<MailKept>();
  });
});
