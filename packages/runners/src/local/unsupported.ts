import { HadronError, type ServiceTopology } from "@hadron/core/spi";

/** The services that this runner cannot run, as an error; undefined where it can run all. */
export function unsupported(services: readonly ServiceTopology[]): HadronError | undefined {
  const image = services.find((one) => one.image !== null);
  if (image !== undefined) {
    return new HadronError(
      "WRONG_USE",
      `"${image.name}" is the image ${image.image!.reference}, and the local runner makes processes, not containers: use --runner=docker.`,
    );
  }
  const storing = services.find((one) => one.storage !== null);
  if (storing !== undefined) {
    return new HadronError(
      "WRONG_USE",
      `"${storing.name}" asks for storage at ${storing.storage!.path}, and the local runner cannot give each shard a folder of ` +
        "its own there: use --runner=docker.",
    );
  }
  return undefined;
}
