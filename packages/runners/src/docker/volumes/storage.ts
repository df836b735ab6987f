import type { ServiceTopology } from "@hadron/core/spi";
import { USER_ID } from "../../replica/layout.ts";
import { storageVolume } from "../names/names.ts";
import type { VolumeContent } from "./volumes.ts";

/** The volumes in which the replicas of a service store, if they do: one each. */
export function storageVolumes(app: string, { name, storage, replicas }: ServiceTopology): readonly string[] {
  if (storage === null) return [];
  return Array.from({ length: replicas }, (_, ordinal) => storageVolume(app, name, ordinal));
}

/**
 * What a volume needs before the first container starts with it: an owner that is not root. None where it is an image's that
 * names no user: its own folder says whose it is.
 */
export function storageContent({ image }: ServiceTopology, volume: string): readonly VolumeContent[] {
  const owner = image === null ? USER_ID : image.user?.uid;
  return owner === undefined ? [] : [{ volume, owner, mode: 0o700, files: [] }];
}
