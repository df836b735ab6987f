/** One value of a counter or gauge, as `/metrics` shows it. */
export interface Metric {
  /** As Prometheus names it, e.g. `hadron_client_retries_total`. */
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}
