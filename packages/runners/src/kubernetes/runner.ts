import type { Runner, RunnerModule } from "@hadron/core/spi";
import { Api } from "./api/api.ts";
import { findTarget } from "./api/kube-config.ts";
import { onCluster } from "./declared/said.ts";
import { readSettings } from "./plan/settings.ts";

/**
 * Runs an app on a Kubernetes cluster, with nothing but its API server and an image registry. What a verb needs is loaded
 * when it is asked for: every command waits for all that is loaded.
 */
export const createRunner: RunnerModule["createRunner"] = (options): Runner => {
  const settings = readSettings(options);
  const open = () => new Api(findTarget(settings));
  /** Each verb has connections of its own, closed when it is done. */
  const within = async <T>(work: (api: Api) => Promise<T>): Promise<T> => {
    const api = open();
    try {
      return await work(api);
    } finally {
      api.close();
    }
  };
  return {
    name: "kubernetes",
    plan: (program, context) =>
      within(async (api) => {
        const { planApp } = await import("./rollout/apply.ts");
        return { changes: await planApp(api, onCluster(program), settings, context) };
      }),
    apply: (program, context) =>
      within(async (api) => {
        const [{ apply }, { readStatus }] = await Promise.all([
          import("./rollout/apply.ts"),
          import("./watch/status.ts"),
        ]);
        const changes = await apply(api, onCluster(program), settings, context);
        return { changes, status: await readStatus(api, program.topology.app, context, { calls: false }) };
      }),
    status: (app, context) =>
      within(async (api) => (await import("./watch/status.ts")).readStatus(api, app, context, { calls: true })),
    async *logs(app, logOptions, context) {
      const { readLogs } = await import("./watch/logs.ts");
      const api = open();
      try {
        yield* readLogs(api, app, logOptions, context);
      } finally {
        api.close();
      }
    },
    scale: (app, service, replicas, context) =>
      within(async (api) =>
        (await import("./rollout/scale.ts")).scale(api, app, service, replicas, {
          ...context,
          readyMs: settings.waitMs,
        }),
      ),
    async connect(app, context) {
      const { connect } = await import("./connect/connect.ts");
      const api = open();
      try {
        return await connect(api, app, context);
      } catch (error) {
        api.close();
        throw error;
      }
    },
    delete: (app, options, context) =>
      within(async (api) => (await import("./rollout/delete.ts")).deleteApp(api, app, options, context)),
    data: (app, context) => within(async (api) => (await import("./world/data.ts")).readData(api, app, context.signal)),
    list: (context) => within(async (api) => (await import("./world/list.ts")).listApps(api, context)),
    files: async (program, { signal }) => {
      const { cacheFolder, describeLayout, toLayout } = await import("../layout/index.ts");
      return describeLayout(await toLayout(program, { cache: cacheFolder(settings.env), signal }));
    },
    export: async (program, context) => (await import("./export.ts")).exportApp(onCluster(program), settings, context),
  };
};
