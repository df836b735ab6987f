import type { RunContext, Runner, RunnerModule } from "@hadron/core/spi";
import { Api } from "./api.ts";
import { apply, prepare } from "./apply.ts";
import { connect } from "./connect.ts";
import { deleteApp } from "./delete.ts";
import { exportApp } from "./export.ts";
import { findTarget } from "./kube-config.ts";
import { listApps } from "./list.ts";
import { readLogs } from "./logs.ts";
import { toChanges } from "./plan.ts";
import { scale } from "./scale.ts";
import { flags, readSettings } from "./settings.ts";
import { readStatus } from "./status.ts";

export { flags };

/** Runs an app on a Kubernetes cluster, with nothing but its API server and an image registry. */
export const createRunner: RunnerModule["createRunner"] = (options): Runner => {
  const settings = readSettings(options);
  /** Each verb has connections of its own, closed when it is done. */
  const within = async <T>(work: (api: Api) => Promise<T>): Promise<T> => {
    const api = new Api(findTarget(settings));
    try {
      return await work(api);
    } finally {
      api.close();
    }
  };
  return {
    name: "kubernetes",
    plan: (program, context) =>
      within(async (api) => ({ changes: toChanges((await prepare(api, program, settings, context)).intents) })),
    apply: (program, context) =>
      within(async (api) => {
        const changes = await apply(api, program, settings, context);
        return { changes, status: await readStatus(api, program.topology.app, context, { calls: false }) };
      }),
    status: (app, context) => within((api) => readStatus(api, app, context, { calls: true })),
    async *logs(app, logOptions, context) {
      const api = new Api(findTarget(settings));
      try {
        yield* readLogs(api, app, logOptions, context);
      } finally {
        api.close();
      }
    },
    scale: (app, service, replicas, context) =>
      within((api) => scale(api, app, service, replicas, { ...context, waitMs: settings.waitMs })),
    async connect(app, context: RunContext) {
      const api = new Api(findTarget(settings));
      try {
        return await connect(api, app, context);
      } catch (error) {
        api.close();
        throw error;
      }
    },
    delete: (app, context) => within((api) => deleteApp(api, app, context)),
    list: (context) => within((api) => listApps(api, context)),
    export: (program, context) => exportApp(program, settings, context),
  };
};
