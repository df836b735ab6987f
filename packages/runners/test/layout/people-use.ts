/** A package that people use, and a line that uses it: its value has to be the same as in a plain run. */
export interface UsedPackage {
  readonly name: string;
  /** An expression of JavaScript, in which `it` is the package's namespace. May await. */
  readonly use: string;
  /** What is special about it. */
  readonly kind: "native" | "wasm" | "files" | "workers" | "commonjs" | "optional" | "modules";
  /** What it wants beside it. */
  readonly beside?: readonly string[];
  /** What is imported of it. @default its name */
  readonly imports?: string;
}

export const of = (
  kind: UsedPackage["kind"],
  name: string,
  use: string,
  more: Pick<UsedPackage, "beside" | "imports"> = {},
): UsedPackage => ({
  kind,
  name,
  use,
  ...more,
});

/** Ten of fifty, tried with every change. */
export const PEOPLE_USE: readonly UsedPackage[] = [
  of(
    "native",
    "sharp",
    `(await it.default({ create: { width: 4, height: 4, channels: 3, background: "red" } }).png().toBuffer()).length`,
  ),
  of("native", "koffi", `typeof it.default.load`),
  of("native", "@node-rs/bcrypt", `typeof it.hash`),
  of("wasm", "tiktoken", `it.get_encoding("cl100k_base").encode("hello world").length`),
  of("files", "pdfkit", `(() => { const d = new it.default(); d.text("hello"); d.end(); return d.page.width; })()`),
  of(
    "files",
    "swagger-ui-dist",
    `(await import("node:fs")).existsSync(it.default.getAbsoluteFSPath() + "/swagger-ui.css")`,
  ),
  of(
    "workers",
    "pino",
    `await new Promise((ok, no) => { const t = it.pino.transport({ target: "pino/file", options: { destination: 2 } }); t.on("ready", () => { t.end(); ok(true); }); t.on("error", no); })`,
  ),
  of("commonjs", "express", `typeof it.default().get`),
  of("optional", "knex", `it.default({ client: "pg" })("a").where({ id: 1 }).toSQL().sql`, { beside: ["pg"] }),
  of("modules", "zod", `it.z.object({ a: it.z.number() }).parse({ a: 1 }).a`),
];
