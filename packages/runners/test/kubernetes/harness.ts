import { fileURLToPath } from "node:url";
import { openHost } from "@hadron/core/cli/shared";
import type { Program, RunContext, Runner } from "@hadron/core/spi";
import { createRunner } from "../../src/kubernetes/index.ts";
import type { KubeObject } from "../../src/kubernetes/objects/objects.ts";
import { toProgram } from "../../src/suite.ts";

export const context: RunContext = { signal: new AbortController().signal, progress: { step() {}, note() {} } };

/** An object into which a test looks wherever it likes: what is not there fails the test. */
export type Loose = KubeObject & { readonly spec: any; readonly status: any; readonly data: any };

/** A fixture as the command line makes a program of it; `only`: some of the services that it exports. */
export async function fixture(file: string, app: string, only?: readonly string[]): Promise<Program> {
  const entry = fileURLToPath(new URL(`fixtures/${file}`, import.meta.url));
  const exported: Record<string, unknown> = await import(entry);
  return toProgram(entry, app, only?.map((name) => exported[name]) ?? Object.values(exported));
}

export function runnerFor(
  env: Readonly<Record<string, string>>,
  options: { readonly explicitApp?: boolean; readonly namespace?: string } = {},
): Runner {
  const { explicitApp = false, namespace } = options;
  return createRunner({ env, flags: namespace === undefined ? {} : { namespace }, explicitApp });
}

export async function call(
  runner: Runner,
  app: string,
  service: string,
  procedure: string,
  input?: unknown,
  timeoutMs = 20_000,
): Promise<any> {
  await using connected = await runner.connect(app, context);
  const host = await openHost(app, connected.directory);
  try {
    return await host.call(service, procedure, input, { timeoutMs });
  } finally {
    host.close();
  }
}
