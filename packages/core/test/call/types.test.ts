import { type Caller, type Context, connect, type Meta, type Remote, service, type Wrapper } from "@hadron/core";
import { expectTypeOf, test } from "vitest";

test("a wrapper sees a call of any service, on either side, and one type stands on both", () => {
  const wrapper: Wrapper = (call, next) => {
    expectTypeOf(call.side).toEqualTypeOf<"serving" | "calling">();
    expectTypeOf(call.input).toEqualTypeOf<unknown>();
    expectTypeOf(call.caller).toEqualTypeOf<Caller | undefined>();
    expectTypeOf(call.context).toEqualTypeOf<Context | undefined>();
    expectTypeOf(next).returns.toEqualTypeOf<Promise<unknown>>();
    const assign = () => {
      // @ts-expect-error: a call is changed by what next is given
      call.input = 1;
    };
    // @ts-expect-error: metadata is text
    const number = () => next({ meta: { tenant: 1 } });
    // @ts-expect-error: what is called cannot be changed
    const elsewhere = () => next({ procedure: "other" });
    void [assign, number, elsewhere];
    return next({ input: call.input, meta: { tenant: "a", locale: undefined } });
  };
  const greet = service("greet", (name: string) => name.length, { around: [wrapper] });
  expectTypeOf(greet.with({ around: [wrapper] })).parameters.toEqualTypeOf<[input: string]>();
  expectTypeOf(greet.with({ around: [wrapper] })).returns.toEqualTypeOf<Promise<number>>();
  // @ts-expect-error: around is a list
  const single = () => greet.with({ around: wrapper });
  // @ts-expect-error: a wrapper is a function
  const none = () => service("greet", (name: string) => name.length, { around: ["log"] });
  void [single, none];
});

test("metadata is text by key: read by handlers, added to and taken away by callers", () => {
  const tenant = service("tenant", (_: number, { meta }: Context) => {
    expectTypeOf(meta).toEqualTypeOf<Meta>();
    const write = () => {
      // @ts-expect-error: it is the caller's
      meta.tenant = "b";
    };
    void write;
    return meta.tenant;
  });
  expectTypeOf(tenant).returns.toEqualTypeOf<Promise<string | undefined>>();
  tenant.with({ meta: { tenant: "a", locale: undefined } });
  // @ts-expect-error: values are text
  const wrong = () => tenant.with({ meta: { tenant: 1 } });
  void wrong;
});

test("connect gives the client of the service whose type it is told, and closes it", () => {
  const math = service("math", { add: ([a, b]: [number, number]) => a + b, pi: () => 3.14 });
  const greet = service("greet", (name: string) => name.length);
  expectTypeOf<Remote<typeof math>["add"]>().parameters.toEqualTypeOf<[input: [number, number]]>();
  expectTypeOf<Remote<typeof math>["pi"]>().returns.toEqualTypeOf<Promise<number>>();
  expectTypeOf<Remote<(name: string) => number>>().toEqualTypeOf<Remote<typeof greet>>();
  expectTypeOf(connect<typeof greet>).returns.toEqualTypeOf<Promise<Remote<typeof greet>>>();
  expectTypeOf<Remote<typeof greet>>().toExtend<AsyncDisposable>();
  const use = async () => {
    await using client = await connect<typeof math>({ app: "shop", service: "math" });
    expectTypeOf(await client.add([1, 2])).toEqualTypeOf<number>();
    // @ts-expect-error: add takes two numbers
    await client.add(["a", "b"]);
    // @ts-expect-error: there is no such procedure
    await client.subtract([1, 2]);
    // @ts-expect-error: an app has a name
    await connect<typeof math>({ app: 1 });
  };
  void use;
});
