/** Hadron: one file is a distributed system. For users; see `spi.ts` for what runners and patterns are made with. */
import "./node-version.ts";
import "./run/uncaught.ts";

export type { Clock, Timer } from "./clock/clock.ts";
export { connect, type Remote } from "./connect/connect.ts";
export type { ConnectOptions, ConnectTarget } from "./connect/target.ts";
export type {
  KubernetesIngress,
  KubernetesManifest,
  KubernetesOptions,
  KubernetesPatch,
  KubernetesToleration,
} from "./declare/containers/kubernetes.ts";
export type { Given } from "./declare/definition.ts";
export type { Guard } from "./declare/guard.ts";
export { type Living, onStart, type StartContext, type Started } from "./declare/life.ts";
export { type ProcedureOptions, procedure } from "./declare/procedure.ts";
export type { Schema } from "./declare/schema.ts";
export type {
  Address,
  Addressed,
  Answer,
  AnyService,
  Api,
  CallChange,
  Caller,
  CallOptions,
  Client,
  Context,
  Credentials,
  Handler,
  ImageApi,
  Input,
  Inputs,
  Log,
  Output,
  Part,
  PartOf,
  Procedure,
  Replica,
  Service,
  User,
  WrappedCall,
  Wrapper,
} from "./declare/types.ts";
export type { RunOptions } from "./describe/app-arguments.ts";
export type { BuiltIns, Health, Trace, TraceOptions } from "./describe/built-in.ts";
export { ERROR_CODES, type ErrorCode, HadronError, isHadronError } from "./errors.ts";
export { type ImageOptions, image } from "./image.ts";
export { run } from "./run/run.ts";
export type { Meta, MetaChange } from "./scope/meta.ts";
export { type ServiceOptions, service } from "./service.ts";
