import { expect, test } from "vitest";
import { testApp } from "../layout/app.ts";

const manifest = (name: string, more: object = {}) =>
  JSON.stringify({ name, version: "1.0.0", main: "main.js", ...more });

test("what is required in a function or a try may be missing; it throws when it is asked for", async () => {
  await using app = await testApp();
  await app.write({
    "app.ts": `
      import { driver, tried } from "drivers";
      const late = await import("no-such-plugin").catch((error) => error.code);
      let said; try { driver("oracle"); } catch (error) { said = error.code; }
      console.log(JSON.stringify([driver("here"), said, tried, late]));`,
    "node_modules/drivers/package.json": manifest("drivers"),
    "node_modules/drivers/main.js": `
      exports.driver = (name) => { switch (name) { case "oracle": return require("no-oracle"); case "here": return require("here"); } };
      try { require("no-such-thing"); } catch { exports.tried = "tried"; }`,
    "node_modules/here/package.json": manifest("here"),
    "node_modules/here/main.js": `module.exports = "here";`,
  });
  expect(await app.execute(await app.layout())).toEqual(["here", "MODULE_NOT_FOUND", "tried", "ERR_MODULE_NOT_FOUND"]);
});

test("a file that the app imports for its effect is there, whatever package.json says of effects", async () => {
  await using app = await testApp();
  await app.write({
    "package.json": `{ "sideEffects": false }`,
    "app.ts": `import "./register.ts"; import "kinds/extra.js"; console.log(JSON.stringify(globalThis.kinds));`,
    "register.ts": "(globalThis as any).kinds = ['own'];",
    "node_modules/kinds/package.json": manifest("kinds", { sideEffects: false }),
    "node_modules/kinds/extra.js": "globalThis.kinds.push('extra');",
  });
  expect(await app.execute(await app.layout())).toEqual(["own", "extra"]);
});

test("classes and functions have the names of the source: within themselves, and where two modules have one of a name", async () => {
  await using app = await testApp();
  await app.write({
    "app.ts": `
      import { Money as Other, pay as other } from "./other.ts";
      class Item { static make() { return new Item(); } }
      class NotFound extends Error { static of(id: string) { return new NotFound(id); } constructor(text: string) { super(text); this.name = new.target.name; } }
      class Order { static label = Order.name; }
      class _Low { static self = () => _Low; }
      class Money {}
      function pay() {}
      const names = [Item.make().constructor.name, NotFound.of("x").name, Order.label, _Low.name, Money.name, Other.name, pay.name, other.name];
      console.log(JSON.stringify([names, new Money() instanceof Other]));`,
    "other.ts":
      "export class Money { static zero = () => new Money(); }\nexport async function pay() { return Money.zero(); }",
  });
  const names = ["Item", "NotFound", "Order", "_Low", "Money", "Money", "pay", "pay"];
  expect(await app.execute(await app.layout())).toEqual([names, false]);
});
