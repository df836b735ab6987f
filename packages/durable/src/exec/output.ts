/** What is kept of a program's output: the record of it all may have 1 MiB. */
const MOST_BYTES = 1024 * 1024 - 4096;

/** What a program wrote, as far as it is kept. */
export class Output {
  readonly #chunks: { readonly stdout: Buffer[]; readonly stderr: Buffer[] } = { stdout: [], stderr: [] };
  #leftBytes = MOST_BYTES;
  #truncated = false;

  add(to: "stdout" | "stderr", chunk: Buffer): void {
    const kept = chunk.subarray(0, this.#leftBytes);
    this.#leftBytes -= kept.length;
    if (kept.length > 0) this.#chunks[to].push(kept);
    if (kept.length < chunk.length) this.#truncated = true;
  }

  toTexts(): { readonly stdout: string; readonly stderr: string; readonly truncated: boolean } {
    const stdout = fit(Buffer.concat(this.#chunks.stdout).toString(), MOST_BYTES);
    const stderr = fit(Buffer.concat(this.#chunks.stderr).toString(), MOST_BYTES - Buffer.byteLength(stdout.text));
    return { stdout: stdout.text, stderr: stderr.text, truncated: this.#truncated || stdout.cut || stderr.cut };
  }
}

/** What is no UTF-8 is three bytes where it was one, so the text may not fit where its bytes did. */
function fit(text: string, mostBytes: number): { readonly text: string; readonly cut: boolean } {
  const bytes = Buffer.from(text);
  if (bytes.length <= mostBytes) return { text, cut: false };
  return {
    text: bytes
      .subarray(0, mostBytes)
      .toString()
      .replace(/\uFFFD$/, ""),
    cut: true,
  };
}
