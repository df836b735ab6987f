import type { CaptureDefinition } from "../../declare/definition.ts";
import { HadronError, inWords } from "../../errors.ts";
import {
  type CaptureRecord,
  type CaptureRecords,
  captureVariable,
  checkTogether,
  fromRecord,
  readRecords,
  toRecord,
  writeRecords,
} from "../../given/capture-record.ts";
import { didYouMean } from "../../nearest.ts";
import type { CapturedTexts, Capturing, Change } from "../../runner.ts";
import { showDifference } from "../terminal/show-difference.ts";

/** How long one value may take. */
const EVALUATE_MS = 60_000;

export interface CapturesOptions {
  readonly definitions: readonly CaptureDefinition[];
  /** Whether nothing will come of it but a plan. */
  readonly isPlan: boolean;
  /** The names of those that are computed anew, whatever there is. */
  readonly again: readonly string[];
  /** @default a minute */
  readonly evaluateMs?: number;
}

/** The captured values of an app in one command: computed once, however often the runner asks. */
export class Captures implements Capturing {
  readonly #options: CapturesOptions;
  #done: Promise<CapturedTexts> | undefined;
  readonly #changes: Change[] = [];

  /** WRONG_USE where one that is to be computed anew is not in the app. */
  constructor(options: CapturesOptions) {
    this.#options = options;
    const names = options.definitions.map(({ name }) => name);
    const unknown = options.again.find((name) => !names.includes(name));
    if (unknown === undefined) return;
    throw new HadronError(
      "WRONG_USE",
      `--recapture=${unknown}: the app captures no "${unknown}".${didYouMean(unknown, names)} It captures ${names.join(", ") || "nothing"}.`,
    );
  }

  /** What becomes of each value, for whoever shows a plan. */
  get changes(): readonly Change[] {
    return this.#changes;
  }

  complete(base: string, before: CapturedTexts | undefined, signal: AbortSignal): Promise<CapturedTexts> {
    this.#done ??= this.#complete(base, before, signal);
    return this.#done;
  }

  async #complete(base: string, before: CapturedTexts | undefined, signal: AbortSignal): Promise<CapturedTexts> {
    const plain = readRecords(before?.plain);
    const made = await Promise.all(
      this.#options.definitions.map(async (definition) => {
        const { name, isSecret } = definition;
        const earlier = (isSecret ? readRecords(before?.secrets[captureVariable(name)]) : plain)[name];
        return { definition, record: await this.#capture(definition, base, earlier, signal), earlier };
      }),
    );
    for (const { definition, record, earlier } of made) this.#tell(definition, record, earlier);
    const records = Object.fromEntries(made.map(({ definition, record }) => [definition.name, record]));
    checkTogether(records);
    const of = (isSecret: boolean) => made.filter(({ definition }) => definition.isSecret === isSecret);
    return {
      plain: of(false).length === 0 ? undefined : writeRecords(toRecords(of(false))),
      secrets: Object.fromEntries(
        of(true).map(({ definition: { name }, record }) => [captureVariable(name), writeRecords({ [name]: record })]),
      ),
    };
  }

  async #capture(
    definition: CaptureDefinition,
    base: string,
    earlier: CaptureRecord | undefined,
    signal: AbortSignal,
  ): Promise<CaptureRecord> {
    const { name, on, plan, isSecret } = definition;
    const stays = on === "once" || (on === "revision" && earlier?.of === base);
    if (earlier !== undefined && stays && !this.#options.again.includes(name)) return earlier;
    // What a plan must not compute is as it was, or a mark that differs from everything.
    if (this.#options.isPlan && !plan) return { of: base, value: "" };
    const value = await this.#evaluate(definition, signal);
    const record = toRecord(name, isSecret, base, value);
    // The same value is no change, of whatever revision it is.
    return on !== "revision" && earlier?.value === record.value ? earlier : record;
  }

  async #evaluate({ name, evaluate }: CaptureDefinition, signal: AbortSignal): Promise<unknown> {
    const { evaluateMs = EVALUATE_MS } = this.#options;
    signal.throwIfAborted();
    const over = Promise.withResolvers<never>();
    const timer = setTimeout(
      () =>
        over.reject(
          new HadronError(
            "DEADLINE_EXCEEDED",
            `capture("${name}") has no value after ${evaluateMs / 1000} s; nothing was changed.`,
          ),
        ),
      evaluateMs,
    );
    const abort = () => over.reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    try {
      return await Promise.race([Promise.resolve().then(evaluate), over.promise]);
    } catch (cause) {
      if (signal.aborted || (cause instanceof HadronError && cause.code === "DEADLINE_EXCEEDED")) throw cause;
      throw new HadronError("HANDLER_FAILED", `capture("${name}") failed, and nothing was changed: ${inWords(cause)}`, {
        cause,
      });
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    }
  }

  #tell({ name, isSecret }: CaptureDefinition, record: CaptureRecord, earlier: CaptureRecord | undefined): void {
    if (record.value === earlier?.value) return;
    const [action, verb] = earlier === undefined ? (["create", "computed"] as const) : (["update", "changed"] as const);
    const because =
      record.value === ""
        ? "known at up"
        : isSecret
          ? verb
          : showDifference(earlier === undefined ? undefined : fromRecord(earlier), fromRecord(record));
    this.#changes.push({ action, kind: "capture", name, because });
  }
}

function toRecords(
  made: readonly { readonly definition: CaptureDefinition; readonly record: CaptureRecord }[],
): CaptureRecords {
  return Object.fromEntries(made.map(({ definition, record }) => [definition.name, record]));
}
