import { onStart, procedure, type StartContext } from "@hadron/core";
import { HadronError, hiddenService, pattern } from "@hadron/core/spi";
import { DEPLOYMENT, thisDeployment } from "../../client/deployment.ts";
import type { FactsRequest } from "../contract/facts.ts";
import { givenServer } from "./given-server.ts";
import type { DatabaseHoldings } from "./holdings.ts";
import type { DatabaseKeeper } from "./keeper.ts";
import { ownServer } from "./own-server.ts";
import { PASSWORD, postgres } from "./postgres-service.ts";

/**
 * The hidden service that makes an app's databases and migrates them, before anything of a new version runs, and tells
 * replicas how to enter them. Without it, those that are connected go on.
 */
export const databases = hiddenService(
  "hadron.database",
  pattern({
    name: "database",
    children: {},
    needs: { uses: [postgres], generated: [PASSWORD, DEPLOYMENT] },
    root: () => {
      let keeper: DatabaseKeeper | undefined;
      let holdings: DatabaseHoldings | undefined;
      const asked = () => {
        if (holdings !== undefined) return holdings;
        throw new HadronError("UNAVAILABLE", "The databases are not ready yet.", { unsent: true });
      };
      return {
        kept: procedure({ idempotent: true }, () => asked().kept()),
        drop: procedure({ idempotent: true }, (resource: { kind: string; name: string }) => asked().drop(resource)),
        backup: () => asked().backup(),
        restorable: procedure({ idempotent: true }, () => asked().restorable()),
        restore: (bytes: AsyncIterable<Uint8Array>) => asked().restore(bytes),
        facts: procedure({ idempotent: true }, (request: FactsRequest, { signal }) => {
          if (keeper !== undefined) return keeper.facts(request, signal);
          throw new HadronError("UNAVAILABLE", "The databases are not ready yet.", { unsent: true });
        }),
        rotate: ({ name }: { readonly name: string }) => {
          if (keeper !== undefined) return keeper.rotate(name);
          throw new HadronError("UNAVAILABLE", "The databases are not ready yet.", { unsent: true });
        },
        async [onStart]({ app, keeps, elsewhere, adopt, clock, log, signal }: StartContext) {
          // Loaded where it is served: a server's driver is no part of those who call.
          const [{ DatabaseKeeper: Keeper }, { DatabaseHoldings: AllOf }] = await clock.outside(
            Promise.all([import("./keeper.ts"), import("./holdings.ts")]),
          );
          const variable = elsewhere["hadron.postgres"];
          const server =
            variable === undefined
              ? ownServer(() => postgres.address(), process.env[PASSWORD] ?? "")
              : givenServer(app, variable, process.env[variable] ?? "", thisDeployment(adopt));
          const made = new Keeper({ server, clock, log, signal });
          await made.prepare(keeps);
          keeper = made;
          holdings = new AllOf(made, keeps);
        },
      };
    },
  }),
  { first: true },
);
