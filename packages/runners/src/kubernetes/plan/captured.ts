import { CAPTURES_FILE, type CapturedTexts, type Topology } from "@hadron/core/spi";
import { captureVariables } from "../../replica/captures.ts";
import { appNames } from "../objects/names.ts";
import { findObject, type World } from "../world/world.ts";

/** The captured values that were last applied: beside the topology, and among the secrets. Undefined where nothing was. */
export function readCaptured(topology: Topology, world: Pick<World, "objects">): CapturedTexts | undefined {
  const names = appNames(topology.app);
  const deployed = findObject(world, "ConfigMap", names.topology);
  if (deployed === undefined) return undefined;
  const data = findObject(world, "Secret", names.secret)?.data ?? {};
  const secrets = captureVariables(topology).flatMap((name): [string, string][] => {
    const text = data[name];
    return text === undefined ? [] : [[name, Buffer.from(text, "base64").toString()]];
  });
  return { plain: deployed.data?.[CAPTURES_FILE], secrets: Object.fromEntries(secrets) };
}
