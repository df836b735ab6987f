import type { KubernetesOptions } from "../../declare/containers/kubernetes.ts";
import type { GivenDefinition, ResourceDefinition, ServiceDefinition } from "../../declare/definition.ts";
import { givenDefinition, serviceDefinition } from "../../declare/definition.ts";
import { checkAppName } from "../../declare/names.ts";
import { resourceDefinition } from "../../declare/resource.ts";
import { noteUse } from "../../declare/site.ts";
import { HadronError } from "../../errors.ts";
import { type ContributionDefinition, contributionDefinition } from "../contribution.ts";
import type { Choices } from "../topology.ts";
import type { App } from "./app.ts";
import { Composer } from "./composer.ts";

/**
 * Composes services, and what their patterns are made of, to an app. Pure.
 *
 * INVALID_DECLARATION if two services have one name, a pattern contains itself, counts or needs contradict each other, or
 * a service says that it uses one that is not there.
 */
export function compose(
  app: string,
  services: readonly unknown[],
  choices?: Choices,
  kubernetes?: KubernetesOptions,
): App {
  noteUse();
  checkAppName(app);
  if (services.length === 0) {
    throw new HadronError("INVALID_DECLARATION", "run() was given no service: write run(myService).");
  }
  const roots = new Set<ServiceDefinition>();
  const resources: ResourceDefinition[] = [];
  const given: GivenDefinition[] = [];
  const added: ContributionDefinition[] = [];
  for (const [position, value] of services.entries()) {
    const resource = resourceDefinition(value);
    const handed = givenDefinition(value);
    const definition = serviceDefinition(value);
    const contribution = contributionDefinition(value);
    if (resource !== undefined) resources.push(resource);
    else if (handed !== undefined) given.push(handed);
    else if (definition !== undefined) roots.add(definition);
    else if (contribution !== undefined) added.push(contribution);
    else {
      throw new HadronError(
        "INVALID_DECLARATION",
        `run(): argument ${position + 1} is no service. Make one with service(name, handler).`,
      );
    }
  }
  for (const root of toRoots(added)) roots.add(root);
  const composer = new Composer([...roots], choices);
  for (const resource of resources) composer.resources.add(resource, true);
  for (const definition of given) composer.given.share(definition);
  composer.addRoots();
  return composer.finish(app, kubernetes);
}

/** What comes along with values that add to hidden services, and those services, each made of all that adds to it. */
function toRoots(added: readonly ContributionDefinition[]): readonly ServiceDefinition[] {
  const brought = added.flatMap(({ brings }) => brings);
  const made = [...new Set(added.map(({ to }) => to))].map((assembly) =>
    assembly.assemble([...new Set(added)].filter(({ to }) => to === assembly)),
  );
  return [...brought, ...made].flatMap((service) => serviceDefinition(service) ?? []);
}
