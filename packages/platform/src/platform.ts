import {
  type Context,
  HadronError,
  isHadronError,
  onStart,
  type Part,
  procedure,
  type StartContext,
} from "@hadron/core";
import { pattern, toErrorData, toProblem, type WebInput, type WebOutput } from "@hadron/core/spi";
import { bucket, keyValue } from "@hadron/resources";
import { Admin } from "./api/admin.ts";
import { answerAdmin } from "./api/answer.ts";
import { OWN_PREFIX } from "./api/checks.ts";
import { Backup } from "./backup/backup.ts";
import { Guests } from "./guests/guests.ts";
import { KeptValues } from "./guests/kept-values.ts";
import { Modules } from "./guests/modules.ts";
import { Registry } from "./kept/registry.ts";
import { Tokens } from "./kept/tokens.ts";
import { type PlatformOptions, resolveOptions } from "./options.ts";
import { Schedules } from "./schedule/schedules.ts";
import { readRequest } from "./web/request.ts";
import { serve } from "./web/serve.ts";

/** What a platform offers: HTTP at its exposed address. */
export interface PlatformApi {
  readonly fetch: (input: WebInput, context: Context) => Promise<WebOutput>;
  readonly [procedure: string]: (input: WebInput, context: Context) => Promise<WebOutput>;
}

/**
 * A computing platform of your own, as a part: it takes modules, files, routes, filters and schedules at run time, below
 * `/my-own-cluster`, from whoever has its token, and keeps them, so that all replicas have the same. The first token is in the log
 * of its first start.
 *
 * INVALID_DECLARATION where an option is out of range.
 *
 * @example
 * export const cluster = service("my-own-cluster", platform(), { expose: { port: 8443 } });
 */
export function platform(options: PlatformOptions = {}): Part<PlatformApi> {
  const resolved = resolveOptions(options);
  const records = keyValue<unknown>(resolved.name);
  const kept = keyValue<unknown>(`${resolved.name}-kept`);
  const blobs = bucket(resolved.name);
  const part = pattern({
    name: "platform",
    children: {},
    needs: { uses: [records, kept, blobs] },
    root: () => {
      let replica: Running | undefined;
      const fetch = async (input: WebInput, context: Context): Promise<WebOutput> => {
        try {
          if (replica === undefined) throw new HadronError("UNAVAILABLE", "The platform has not started yet.");
          const request = await readRequest(input, resolved.maxBodyBytes);
          if (request.segments[0] === OWN_PREFIX) return await answerAdmin(request, { ...replica, around: context });
          return await serve(request, { ...replica, around: context });
        } catch (error) {
          if (isHadronError(error)) return toProblem(toErrorData(error));
          throw error;
        }
      };
      let ended: Promise<unknown> = Promise.resolve();
      return {
        fetch: procedure({ face: { web: true }, description: "Answers requests of HTTP." }, fetch),
        async [onStart]({ clock, log, signal }: StartContext) {
          const now = () => clock.wallNow();
          const pause = (ms: number) =>
            new Promise<void>((resolve) => {
              const timer = clock.after(ms, over);
              function over() {
                clock.cancel(timer);
                signal.removeEventListener("abort", over);
                resolve();
              }
              signal.addEventListener("abort", over, { once: true });
            });
          const registry = new Registry(records, blobs);
          const modules = new Modules(registry, resolved);
          const values = new KeptValues(kept, registry, { now, pause });
          const status = () => toStatus(registry);
          const plugFile = async (file: { method: string; path: string; contentType: string; bytes: Uint8Array }) =>
            admin.plugFile(file.method, file.path, file.contentType, file.bytes);
          const guests = new Guests({ registry, modules, values, options: resolved, plugFile, status });
          const admin: Admin = new Admin({ registry, modules, guests, now });
          const tokens = new Tokens(registry, now);
          const backup = new Backup({ registry, kept, now, mostBytes: resolved.maxImportBytes });
          await registry.load();
          const token = await tokens.first();
          if (token !== undefined) log.info(`The platform's token, which is shown this once: ${token}`);
          const schedules = new Schedules({ registry, guests, log, now });
          replica = { registry, guests, modules, admin, tokens, backup, now, status };
          ended = Promise.all([registry.follow(signal, pause), schedules.keep(signal, pause)]);
          ended.catch((error) => log.error(`The platform follows its store no more: ${String(error)}`));
        },
        async [Symbol.asyncDispose]() {
          await replica?.modules.close();
        },
      };
    },
  });
  return part as unknown as Part<PlatformApi>;
}

interface Running {
  readonly registry: Registry;
  readonly guests: Guests;
  readonly modules: Modules;
  readonly admin: Admin;
  readonly tokens: Tokens;
  readonly backup: Backup;
  readonly now: () => number;
  readonly status: () => unknown;
}

function toStatus(registry: Registry) {
  const count = (kind: "name/" | "route/" | "filter/" | "schedule/") => registry.all(kind).length;
  const blobs = registry.all("blob/");
  return {
    modules: count("name/"),
    routes: count("route/"),
    filters: count("filter/"),
    schedules: count("schedule/"),
    blobs: blobs.length,
    bytes: blobs.reduce((sum, [, { bytes }]) => sum + bytes, 0),
  };
}
