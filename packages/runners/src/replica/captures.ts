import { type CapturedTexts, captureVariable, type Program, type Topology } from "@hadron/core/spi";
import type { Layout } from "../layout/index.ts";
import { revisionOf } from "./revision.ts";

/**
 * A program with its captured values, computed where that has to be. `before`: what was last applied, as far as it is known;
 * asked for only where there is something to compute. Fails as the user's function does.
 */
export async function withCaptures(
  program: Program,
  layout: Pick<Layout, "hash">,
  before: () => Promise<CapturedTexts | undefined>,
  signal: AbortSignal,
): Promise<Program> {
  const { capturing, captured } = program;
  if (capturing === undefined || captured !== undefined) return program;
  const { plain, secrets } = await capturing.complete(revisionOf(program, layout), await before(), signal);
  return {
    ...program,
    ...(plain === undefined ? {} : { captured: plain }),
    secrets: { ...program.secrets, ...secrets },
  };
}

/** The names under which an app's secret captured values are among its secrets. */
export function captureVariables({ captures = [] }: Topology): readonly string[] {
  return captures.filter(({ secret }) => secret === true).map(({ name }) => captureVariable(name));
}
