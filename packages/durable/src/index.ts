/** Durable programs: functions whose execution is an event log. */
export { type Durable, durable } from "./declare/durable.ts";
export type { DurableService, RunHandle } from "./declare/handle.ts";
export type { Attempt } from "./engine/command.ts";
export { type ExecOptions, exec } from "./exec/exec.ts";
export type { ExecResult } from "./exec/run-program.ts";
export type { WebhookBody } from "./hooks/webhook.ts";
export type { CommandKind, ErrorRecord, Parent } from "./log/events.ts";
export type { ShownEvent, ShownOutcome } from "./log/shown.ts";
export type { Awaited } from "./log/view.ts";
export type { ChildRun, RunStatus, RunSummary } from "./owner/runs.ts";
export { now, random, uuid } from "./program/chance.ts";
export type { Duration } from "./program/duration.ts";
export { type Hook, hook } from "./program/hook.ts";
export { shield } from "./program/shield.ts";
export { sleep } from "./program/sleep.ts";
export { type StepOptions, step } from "./program/step.ts";
export { http, type RequestOptions } from "./request/request.ts";
export type { HttpResponse } from "./request/response.ts";
