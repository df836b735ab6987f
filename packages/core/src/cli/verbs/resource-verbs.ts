import { compose } from "../../describe/compose/compose.ts";
import type { ResourceVerb } from "../../verb/resource-verb.ts";
import { Keepers } from "../data/keepers.ts";
import { toResourceCommand } from "../data/resource-command.ts";
import type { Verb } from "./verbs.ts";

/** For all resources, of whatever kind. */
const OF_ALL: readonly Verb[] = [
  {
    name: "backup",
    words: "--to=FILE",
    brief: "--to=FILE",
    mostWords: 0,
    summary: "copy what the app's resources keep to a file",
    details: [
      "While the app runs, as of one point in time for each keeper; under the local runner also where nothing runs.",
      "Under any runner restore makes it another app's, or this one's elsewhere. What shards store, and secrets, are not in it.",
    ],
    flags: [{ name: "to", value: "FILE", help: "where it goes; a file that is there is not replaced" }],
    quiet: false,
    load: async () => (await import("./backup.ts")).backup,
  },
  {
    name: "restore",
    words: "--from=FILE",
    brief: "--from=FILE",
    mostWords: 0,
    summary: "give an app that keeps nothing what a backup has",
    details: [
      "The app must be deployed, and keep nothing yet; the local runner starts it for this where it does not run.",
      "All of the file is checked before anything is restored.",
    ],
    flags: [{ name: "from", value: "FILE", help: "what backup wrote" }],
    quiet: false,
    load: async () => (await import("./backup.ts")).restore,
  },
];

/** The verbs that an app's resources bring. None where the app cannot be composed: that is told when it is. */
export function findResourceVerbs(services: readonly unknown[]): readonly Verb[] {
  try {
    const { resources } = compose("app", services);
    const byName = new Map(resources.flatMap(({ verbs }) => verbs).map((verb) => [verb.name, verb]));
    return resources.length === 0 ? [] : [...OF_ALL, ...[...byName.values()].map(toVerb)];
  } catch {
    return [];
  }
}

function toVerb({ load, ...rest }: ResourceVerb): Verb {
  return {
    ...rest,
    brief: "…",
    quiet: true,
    load: async () => {
      const run = await load();
      return async (command) => {
        await using keepers = new Keepers(command);
        return await run(await toResourceCommand(command, keepers));
      };
    },
  };
}
