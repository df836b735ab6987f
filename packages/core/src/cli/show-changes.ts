import type { AppStatus, Change, ChangeAction } from "../runner.ts";
import { toTable } from "./table.ts";

const SIGNS: Readonly<Record<ChangeAction, string>> = { create: "+", update: "~", replace: "±", delete: "-" };

/** A plan for people: a line each, and their sum. */
export function showPlan(changes: readonly Change[]): string[] {
  if (changes.length === 0) return ["Nothing to change."];
  const rows = changes.map(({ action, kind, name, because }) => [`${SIGNS[action]} ${action}`, kind, name, because]);
  return [...toTable(rows), "", `${sum(changes)}.`];
}

/** What an apply did, in one line. */
export function showChanges(changes: readonly Change[], { app, runner, services }: AppStatus): string {
  const replicas = services.reduce((count, service) => count + service.replicas.length, 0);
  const done = changes.length === 0 ? "nothing to change" : sum(changes);
  return `${app} runs on ${runner}: ${replicas} ${replicas === 1 ? "replica" : "replicas"} ready (${done}).`;
}

function sum(changes: readonly Change[]): string {
  const actions: ChangeAction[] = ["create", "update", "replace", "delete"];
  const counts = actions.map(
    (action) => [action, changes.filter((change) => change.action === action).length] as const,
  );
  return counts.flatMap(([action, count]) => (count === 0 ? [] : [`${count} to ${action}`])).join(", ");
}
