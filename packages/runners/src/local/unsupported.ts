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
  return undefined;
}
