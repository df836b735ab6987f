import { readFileSync } from "node:fs";
import { loadAll } from "js-yaml";

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** The Role that docs/kubernetes.md tells an administrator to make. */
export function roleOfDocs(): { readonly kind: string; readonly metadata: object; readonly rules: readonly Rule[] } {
  const page = readFileSync(new URL("../../../../docs/kubernetes.md", import.meta.url), "utf8");
  const blocks = [...page.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].flatMap(([, text]) => loadAll(text!) as any[]);
  return blocks.find((one) => one?.kind === "Role");
}

/** Each single right of it, as `verb resource.group`. */
export function rightsOfDocs(): readonly string[] {
  return roleOfDocs().rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}${group === "" ? "" : `.${group}`}`)),
    ),
  );
}
