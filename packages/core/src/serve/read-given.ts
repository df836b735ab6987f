import type { App } from "../describe/compose/app.ts";
import { HadronError } from "../errors.ts";
import { type CaptureRecords, captureVariable, fromRecord, readRecords } from "../given/capture-record.ts";
import { GivenValues } from "../given/given-values.ts";
import { USER_KEY } from "../scope/user.ts";
import { own } from "../values/own.ts";

type Env = Readonly<Record<string, string | undefined>>;

/**
 * What a replica of a service is given: secrets, as its environment has them, and captured values, out of their file or, where
 * they are secret, out of the environment as well. TOPOLOGY_MISMATCH where one that is declared was not deployed.
 */
export function readGiven(app: App, service: string, env: Env, capturesText: string | undefined): GivenValues {
  const { secrets = [], generated = [], uses = [] } = app.services.get(service)?.topology ?? {};
  const values = [...secrets, ...generated].flatMap((name): [string, string][] => {
    const value = own(env, name);
    return value === undefined ? [] : [[name, value]];
  });
  const plain = readRecords(capturesText);
  const captures = new Map<string, unknown>();
  for (const { name, isSecret } of app.captures) {
    const records: CaptureRecords = isSecret ? readRecords(env[captureVariable(name)]) : plain;
    const record = own(records, name);
    if (record !== undefined) {
      const value = fromRecord(record);
      captures.set(name, value);
      // A text is known to the log as a secret is; what is in an object would have to be looked for.
      if (isSecret && typeof value === "string") values.push([name, value]);
    } else if (!isSecret || uses.includes(`capture:${name}`)) {
      throw new HadronError(
        "TOPOLOGY_MISMATCH",
        `This replica was deployed without the value of capture("${name}"), which the file declares: deploy it with up.`,
      );
    }
  }
  return new GivenValues(new Map(values), captures);
}

/** What a test is given: secrets of its own environment, and the captured values of the started app. */
export function givenForTest(app: App, env: Env, records: CaptureRecords): GivenValues {
  const names = app.topology.services.flatMap(({ secrets, generated = [] }) => [...secrets, ...generated]);
  const values = names.flatMap((name): [string, string][] => {
    const value = own(env, name);
    if (value === undefined) return name === USER_KEY ? [[name, "the key of a test"]] : [];
    return [[name, value]];
  });
  return new GivenValues(
    new Map(values),
    new Map(Object.entries(records).map(([name, record]) => [name, fromRecord(record)])),
  );
}
