import {
  defineResource,
  type ExposeOptions,
  type Resource,
  reachResource,
  resolveExpose,
  resourceDefinition,
} from "@hadron/core/spi";
import { BucketHandle } from "../bucket/client/bucket.ts";
import { files } from "../bucket/service/files-service.ts";
import { checkKept, checkOptions, checkWhole, type KeptOptions } from "./options.ts";

/** How a bucket is declared. */
export interface BucketOptions extends Pick<KeptOptions, "protect"> {
  /** An object with more bytes is TOO_LARGE. @default what the disk takes */
  readonly maxBytes?: number;
  /**
   * An address outside of the deployment for its signed URLs (`url`), as `expose` of a service: a port, a host name of an Ingress, TLS.
   * All buckets of an app share it. Where its runner cannot know how callers find it, as behind a proxy of yours, say `url`. @default none
   */
  readonly expose?: boolean | ExposeOptions;
}

/** A bucket, as a resource. */
export type Bucket = BucketHandle & Resource;

/**
 * Declares a bucket: objects by key, of any size, that go in and out as streams. What was put is read by all from then on, in lists,
 * too; it is there whole or not at all.
 *
 * INVALID_DECLARATION if the name is no DNS name, or an option is out of range.
 *
 * @example
 * const photos = bucket("photos", { maxBytes: 50e6 });
 * await photos.put("a/b.png", body, { contentType: "image/png", ifNoneMatch: "*" });
 */
export function bucket(name: string, options: BucketOptions = {}): Bucket {
  const of = `bucket("${name}")`;
  checkOptions(of, options, ["maxBytes", "protect", "expose"]);
  const { maxBytes, expose = false } = options;
  if (maxBytes !== undefined) checkWhole(of, "maxBytes", maxBytes, 1);
  const made: BucketHandle = new BucketHandle({ name, maxBytes: maxBytes ?? Number.POSITIVE_INFINITY }, () => {
    const definition = resourceDefinition(made);
    if (definition === undefined) throw new TypeError("That is no resource.");
    return reachResource(definition);
  });
  const shown = maxBytes === undefined ? {} : { maxBytes };
  return defineResource(made, {
    kind: "bucket",
    name,
    keeper: files,
    expose: resolveExpose(of, expose),
    options: { ...shown, ...checkKept(of, options) },
  });
}
