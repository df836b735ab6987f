/**
 * What a table has under a name, and nothing that it has from JavaScript: a service may be called `constructor`, a variable
 * `toString`.
 */
export function own<T>(table: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return table !== undefined && Object.hasOwn(table, name) ? table[name] : undefined;
}
