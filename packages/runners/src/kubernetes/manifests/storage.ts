import { posix } from "node:path";
import type { ServiceTopology } from "@hadron/core/spi";
import { FILES_FOLDER } from "../../replica/layout.ts";
import type { WorkloadSpec } from "../objects/fields.ts";
import type { VolumeMount } from "../objects/pod-spec.ts";
import { toBytes } from "./resources.ts";

const VOLUME = "data";

/** Where a replica, an image included, finds its storage: the declared path, from the folder of the app file. */
export function storageMount({ storage }: ServiceTopology): readonly VolumeMount[] {
  return storage === null ? [] : [{ name: VOLUME, mountPath: posix.resolve(FILES_FOLDER, storage.path) }];
}

/** The claims of a StatefulSet. Storage outlives the replica, and a replica that was scaled away. */
export function toClaims({ storage }: ServiceTopology, labels: Readonly<Record<string, string>>): WorkloadSpec {
  if (storage === null) return {};
  return {
    persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
    volumeClaimTemplates: [
      {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        metadata: { name: VOLUME, labels },
        spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: toBytes(storage.sizeBytes) } } },
      },
    ],
  };
}
