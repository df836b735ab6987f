/** One line of a table: a ratio, gate and aim. */
export interface Row {
  readonly what: string;
  /** What large ratios must reach. */
  readonly atLeast?: number;
  /** What small ratios must stay below. */
  readonly atMost?: number;
  readonly aim?: number;
  /** One ratio a round. */
  readonly measured: readonly number[];
}

/** As a table of Markdown, its columns aligned. */
export function toTable(rows: readonly Row[]): string {
  const lines = rows.map((row) => [
    row.what,
    bound(row.atLeast, row.atMost),
    bound(row.aim),
    measured(row.measured),
    verdict(row),
  ]);
  const all = [["what", "at least", "aim", "measured (min – median – max)", ""], ...lines];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((line) => line[column]!.length)));
  const [head, ...rest] = all.map(
    (line) => `| ${line.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`,
  );
  return [head, `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`, ...rest].join("\n");
}

function bound(least: number | undefined, most?: number): string {
  if (most !== undefined) return `≤ ${most} ×`;
  return least === undefined ? "" : `${least} ×`;
}

function measured(ratios: readonly number[]): string {
  const sorted = ratios.toSorted((a, b) => a - b);
  const [least, middle, most] = [sorted[0]!, sorted[sorted.length >> 1]!, sorted.at(-1)!];
  return `${digits(least)} – **${digits(middle)}** – ${digits(most)}`;
}

function digits(ratio: number): string {
  return ratio >= 100
    ? ratio.toFixed(0)
    : ratio >= 10
      ? ratio.toFixed(1)
      : ratio >= 0.095
        ? ratio.toFixed(2)
        : ratio.toFixed(3);
}

/** A remark, not a test: a bench never fails for being slow. */
function verdict({ atLeast, atMost, aim, measured }: Row): string {
  const middle = measured.toSorted((a, b) => a - b)[measured.length >> 1]!;
  const reaches = (limit: number | undefined) =>
    limit !== undefined && (atMost === undefined ? middle >= limit : middle <= limit);
  if (reaches(aim)) return "aim";
  const gate = atLeast ?? atMost;
  if (gate === undefined) return "";
  return reaches(gate) ? "ok" : "misses";
}
