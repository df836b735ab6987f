import { KNOWN } from "../module/known.ts";
import type { ValueType } from "../module/shape.ts";
import { DOCUMENTED, type GuestModule } from "./parameters.ts";

/** The languages that the guest API can be printed for. */
export const GUEST_LANGUAGES = ["c", "rust", "ts"] as const;
export type GuestLanguage = (typeof GUEST_LANGUAGES)[number];

/** One function of the guest API: as it is linked, and what people call its parameters. */
interface GuestFunction {
  readonly name: string;
  readonly does: string;
  readonly parameters: readonly { readonly name: string; readonly type: ValueType }[];
  readonly result: ValueType | undefined;
}

const MODULES: readonly GuestModule[] = ["core", "my-own-cluster"];
const HEAD = [
  "The guest API of Hadron. Buffers are handles of one call. Where something is not there, 0xffff is returned.",
  "A packed map is, little-endian, twice its count as u32, then the u32 length and the bytes of each key and value in turn.",
];

/**
 * The guest API as a language of guests declares it, from the table by which the host links: a C header, a Rust `extern` block for
 * each generation, or declarations of AssemblyScript.
 */
export function printGuestApi(language: GuestLanguage): string {
  const print = { c: toC, rust: toRust, ts: toTs }[language];
  return `${print(MODULES.map((module) => ({ module, functions: functionsOf(module) }))).join("\n")}\n`;
}

/** The functions of a generation, with names for their parameters. */
export function functionsOf(module: GuestModule): readonly GuestFunction[] {
  return [...KNOWN[module]].map(([name, { params, results }]) => {
    const { parameters, does } = DOCUMENTED[module][name] ?? { parameters: "", does: "" };
    const names = parameters.split(" ").filter((word) => word !== "");
    return {
      name,
      does,
      parameters: params.map((type, index) => ({ name: names[index] ?? `p${index}`, type })),
      result: results[0],
    };
  });
}

type Printed = readonly { readonly module: GuestModule; readonly functions: readonly GuestFunction[] }[];

/** Pointers are told by their names: what has a length beside it, or is written to. */
function isPointer({ parameters }: GuestFunction, index: number): boolean {
  const name = parameters[index]?.name ?? "";
  const next = parameters[index + 1]?.name ?? "";
  return next === `${name}_length` || next === "length" || next === "count" || name === "destination";
}

/** Of two functions with one name, the first generation's has a prefix. */
function ownName(module: GuestModule, name: string): string {
  return module === "core" ? name : `moc_${name}`;
}

function toC(printed: Printed): readonly string[] {
  const lines = printed.flatMap(({ module, functions }) => [
    "",
    `/* "${module}" */`,
    ...functions.map((it) => {
      const parameters = it.parameters.map(({ name, type }, index) => {
        if (isPointer(it, index)) return `${name === "destination" || name === "data" ? "" : "const "}void *${name}`;
        return `${type === "i64" ? "uint64_t" : "uint32_t"} ${name}`;
      });
      const attributes = `__attribute__((import_module("${module}"), import_name("${it.name}")))`;
      const result = it.result === undefined ? "void" : "uint32_t";
      return `/* ${it.does} */\n${attributes}\n${result} ${ownName(module, it.name)}(${parameters.join(", ") || "void"});`;
    }),
  ]);
  return ["#pragma once", "#include <stdint.h>", ...HEAD.map((line) => `/* ${line} */`), ...lines];
}

function toRust(printed: Printed): readonly string[] {
  const lines = printed.flatMap(({ module, functions }) => [
    "",
    `#[link(wasm_import_module = "${module}")]`,
    'unsafe extern "C" {',
    ...functions.flatMap((it) => {
      const parameters = it.parameters.map(({ name, type }, index) => {
        const own = ["type", "mode"].includes(name) ? `${name}_` : name;
        if (isPointer(it, index)) return `${own}: *${name === "destination" || name === "data" ? "mut" : "const"} u8`;
        return `${own}: ${type === "i64" ? "u64" : "u32"}`;
      });
      const result = it.result === undefined ? "" : " -> u32";
      const link = module === "core" ? [] : [`    #[link_name = "${it.name}"]`];
      return [
        `    /// ${it.does}`,
        ...link,
        `    pub fn ${ownName(module, it.name)}(${parameters.join(", ")})${result};`,
      ];
    }),
    "}",
  ]);
  return [...HEAD.map((line) => `// ${line}`), ...lines];
}

function toTs(printed: Printed): readonly string[] {
  const lines = printed.flatMap(({ module, functions }) => [
    "",
    ...functions.map((it) => {
      const parameters = it.parameters.map(({ name, type }, index) => {
        if (isPointer(it, index)) return `${name}: usize`;
        return `${name}: ${type === "i64" ? "u64" : "u32"}`;
      });
      const result = it.result === undefined ? "void" : "u32";
      return `/** ${it.does} */\n@external("${module}", "${it.name}")\nexport declare function ${ownName(module, it.name)}(${parameters.join(", ")}): ${result};`;
    }),
  ]);
  return [...HEAD.map((line) => `// ${line}`), ...lines];
}
