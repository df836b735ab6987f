/** For those who write a runner, a pattern or a transport. What users need is in `index.ts`. */
import "./node-version.ts";

export { type CallTarget, targetOf } from "./call/client/target.ts";
export { type AddressFinder, addressesByName, addressesOfMembers, type ImagePort } from "./call/directory/addresses.ts";
export type { Directory, Member } from "./call/directory/directory.ts";
export { TableDirectory } from "./call/directory/table-directory.ts";
export { type CallingSide, callThrough } from "./call/host/ambient.ts";
export { beginWithin, giveTime } from "./call/host/give-time.ts";
export { identify, whoCalls } from "./call/host/identify.ts";
export { hostHere } from "./call/host/outside.ts";
export { outsideOfCalls, type ResourceHost, reachResource, waitFor, withinCall } from "./call/host/reach-resource.ts";
export { type Captured, type CaptureOptions, capture } from "./capture.ts";
export { Chance } from "./clock/chance.ts";
export type { Clock, Timer } from "./clock/clock.ts";
export type { Clockwork } from "./clock/clockwork.ts";
export { type InnerTime, innerTime } from "./clock/inner-time.ts";
export { obeyInnerTime } from "./clock/obey-inner-time.ts";
export { createSystemClock } from "./clock/system-clock.ts";
export type { ImageTopology, Readiness } from "./declare/containers/image-topology.ts";
export type {
  KubernetesManifest,
  KubernetesOptions,
  KubernetesPatch,
  KubernetesToleration,
  KubernetesTopology,
} from "./declare/containers/kubernetes.ts";
export type {
  CertificateSource,
  ChildDefinition,
  Expose,
  ExposeOptions,
  Given,
  Limits,
  Needed,
  PartDefinition,
  ProcedureDefinition,
  ResolvedServiceOptions,
  ResourceDefinition,
  ServiceDefinition,
} from "./declare/definition.ts";
export {
  beside,
  certificateSecrets,
  hangMsOf,
  hostnamesOf,
  type OfferedService,
  type Offers,
  serviceDefinition,
} from "./declare/definition.ts";
export type { Kept } from "./declare/life.ts";
export { checkAppName, checkServiceName, toLabel } from "./declare/names.ts";
export { type Needs, withNeeds } from "./declare/needs.ts";
export {
  type Child,
  type ChildCallOptions,
  type ChildClient,
  child,
  type PatternSpec,
  pattern,
  type ShardCallOptions,
  type ShardClient,
} from "./declare/pattern.ts";
export type { Face } from "./declare/procedure.ts";
export { defineResource, type Resource, type ResourceSpec, resourceDefinition } from "./declare/resource.ts";
export { describeIssues } from "./declare/schema.ts";
export { lineOf, recordSite } from "./declare/site.ts";
export type { Faced, Offering } from "./declare/types.ts";
export type { App, AppService } from "./describe/compose/app.ts";
export { compose } from "./describe/compose/compose.ts";
export { type Added, type Assembly, type Contribution, defineContribution } from "./describe/contribution.ts";
export { type Feature, findLack, type Lack, type Provider, toLackError } from "./describe/features.ts";
export { readTopology } from "./describe/read-topology.ts";
export { checkScale } from "./describe/scale-rules.ts";
export {
  firstDifference,
  hashTopology,
  mainPort,
  placeOf,
  type ResourceTopology,
  replicaName,
  type ServiceTopology,
  TOPOLOGY_VERSION,
  type Topology,
} from "./describe/topology.ts";
export { toStages, toWaves } from "./describe/waves.ts";
export {
  codeOfRpcNumber,
  type ErrorCode,
  type ErrorData,
  fromErrorData,
  HadronError,
  inWords,
  isErrorCode,
  isHadronError,
  systemCode,
  toErrorData,
} from "./errors.ts";
export { CAPTURES_FILE, captureVariable } from "./given/capture-record.ts";
export { GivenValues } from "./given/given-values.ts";
export { didYouMean, nearest } from "./nearest.ts";
export { type CallRecord, type CallRecorder, createCallRecorder } from "./observe/call-recorder.ts";
export { type CallObserver, type Observable, type ObservedCall, observe } from "./observe/observer.ts";
export { toAppPath } from "./run/app-path.ts";
export {
  isReplica,
  type PeerNames,
  type ReplicaEnvironment,
  type ReplicaFacts,
  readEnvironment,
  toEnvironment,
  VARIABLE,
} from "./run/environment.ts";
export type { FromReplica, ToReplica } from "./run/ipc/ipc.ts";
export type * from "./runner.ts";
export { tokenMeta } from "./scope/credentials.ts";
export { type Cancellable, Scope } from "./scope/scope.ts";
export { USER_KEY } from "./scope/user.ts";
export { sleep, unlessAborted, unlessOver } from "./scope/wait.ts";
export { type Secret, secret } from "./secret.ts";
export { toJsonSchema } from "./serve/json-schema.ts";
export { callerOf, readNetworks } from "./serve/outside/networks.ts";
export type { Certificate } from "./serve/tls/certificate.ts";
export { type HiddenServiceOptions, hiddenService, resolveExpose } from "./service.ts";
export { decodeValue, encodeValue, withEncoded } from "./transport/mux/values/codec.ts";
export { isStream } from "./transport/pump.ts";
export type {
  Connection,
  ConnectionOptions,
  ConnectionState,
  Dispatcher,
  Hello,
  IncomingCall,
  OutgoingCall,
  Reply,
  Transport,
} from "./transport/transport.ts";
export { matchesTag } from "./transport/web/matches-tag.ts";
export {
  isOpenRequest,
  type OpenWebRequest,
  type WebAnswer,
  type WebInput,
  type WebOutput,
  type WebRequest,
} from "./transport/web/message.ts";
export { titleOf, toProblem } from "./transport/web/problem.ts";
export { type ByteRange, readRange } from "./transport/web/range.ts";
export { type ArrivedRequest, chunksOf, readHead, readWhole, type WholeRequest } from "./transport/web/read-whole.ts";
export { toJsonText } from "./values/json-form.ts";
export { own } from "./values/own.ts";
export type * from "./verb/resource-verb.ts";
export { type Effects, effects, type Transactional, type WorkKey } from "./work/effects.ts";
export {
  type Delivery,
  takeWork,
  type WorkHandler,
  type WorkOptions,
  type WorkSource,
  type WorkTaker,
} from "./work/work-source.ts";
