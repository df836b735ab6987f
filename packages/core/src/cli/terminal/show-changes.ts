import type { AppStatus, Change, ChangeAction } from "../../runner.ts";
import { toTable } from "./table.ts";

const SIGNS: Readonly<Record<ChangeAction, string>> = {
  create: "+",
  update: "~",
  replace: "±",
  delete: "-",
  move: ">",
  retain: "=",
};

/** A plan for people: a line each, and their sum. */
export function showPlan(changes: readonly Change[]): string[] {
  if (changes.length === 0) return ["Nothing to change."];
  const rows = changes.map(({ action, kind, name, because }) => [`${SIGNS[action]} ${action}`, kind, name, because]);
  return [...toTable(rows), "", `${sum(changes, (count, action) => `${count} to ${action}`)}.`];
}

/** What an apply did, in one line. */
export function showChanges(changes: readonly Change[], { app, runner, services }: AppStatus): string {
  const replicas = services.reduce((count, service) => count + service.replicas.length, 0);
  const done = changes.length === 0 ? "nothing to change" : sum(changes, (count, action) => `${count} ${action}d`);
  return `${app} runs on ${runner}: ${replicas} ${replicas === 1 ? "replica" : "replicas"} ready (${done}).`;
}

function sum(changes: readonly Change[], say: (count: number, action: ChangeAction) => string): string {
  const actions: ChangeAction[] = ["create", "update", "replace", "delete", "move", "retain"];
  const counts = actions.map(
    (action) => [changes.filter((change) => change.action === action).length, action] as const,
  );
  return counts.flatMap(([count, action]) => (count === 0 ? [] : [say(count, action)])).join(", ");
}
