const METHODS = ["debug", "error", "info", "log", "warn"] as const;

/** Does something while what is written to the console goes nowhere: a replay would write again what a program wrote long ago. */
export async function quietly<T>(work: () => Promise<T>): Promise<T> {
  const before = METHODS.map((name) => [name, console[name]] as const);
  for (const name of METHODS) console[name] = () => {};
  try {
    return await work();
  } finally {
    for (const [name, method] of before) console[name] = method;
  }
}
