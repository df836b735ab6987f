import { createHash } from "node:crypto";
import { HadronError } from "@hadron/core/spi";
import type { TarEntry } from "../shared/tar.ts";
import { textOf } from "../shared/text.ts";
import { again } from "./again.ts";
import type { FindCredentials } from "./credentials.ts";
import { type Layer, sha256, toLayer } from "./layer.ts";
import { parseReference, toText } from "./reference.ts";
import { type Descriptor, Registry } from "./registry.ts";

/** An image as it is wanted: files on top of a base. */
export interface ImageSpec {
  /** The base image, e.g. `node:24-slim`. */
  readonly base: string;
  /** Where it goes, without a tag: `registry.example/team/app`. */
  readonly target: string;
  /** Lowest layer first: what changes least. An empty one is left out. */
  readonly layers: readonly (readonly TarEntry[])[];
  readonly config: {
    readonly command: readonly string[];
    readonly workingDirectory: string;
    /** Numeric, `uid:gid`, so that a cluster can see that it is not root. */
    readonly user: string;
    readonly labels: Readonly<Record<string, string>>;
  };
}

export interface PushedImage {
  /** By its digest: `registry/repository@sha256:…`. */
  readonly reference: string;
  /** By its tag, for people. */
  readonly tagged: string;
  /** False where the registry had it. */
  readonly pushed: boolean;
}

export interface PushOptions {
  readonly credentials: FindCredentials;
  readonly signal: AbortSignal;
  readonly step: (detail: string) => void;
  /** Fails where the layers do not run on an architecture, e.g. `arm64`: the image is not made for that. @default they run on all */
  readonly check?: (architecture: string) => void;
}

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const INDEX = "application/vnd.oci.image.index.v1+json";
const LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";
const CONFIG = "application/vnd.oci.image.config.v1+json";
/** For a base of many platforms: these of them. JavaScript runs on all; each has to be copied. */
const ARCHITECTURES = ["amd64", "arm64"];

/** The name of an image by what is in it: known without a registry, and the same on every machine. */
export function contentTag(spec: Pick<ImageSpec, "base" | "layers" | "config">): string {
  const hash = createHash("sha256").update(JSON.stringify([spec.base, spec.config]));
  for (const layer of spec.layers) {
    for (const { path, content, executable, link = "" } of layer)
      hash.update(`\0${path}\0${executable === true}\0${content.byteLength}\0${link}\0`).update(content);
    hash.update("\0\0");
  }
  return hash.digest("hex").slice(0, 16);
}

/**
 * Puts an image together and pushes it, without an engine: our layers on top of the base's. An image that is there is
 * one request; layers that the registry has are not sent again. A registry that has too much to do, or breaks an upload off, is
 * asked again. RUNNER_FAILED where one does not let us.
 */
export function pushImage(spec: ImageSpec, options: PushOptions): Promise<PushedImage> {
  return again(() => pushOnce(spec, options), options);
}

async function pushOnce(spec: ImageSpec, options: PushOptions): Promise<PushedImage> {
  const tag = contentTag(spec);
  const target = { ...parseReference(spec.target), version: tag };
  const tagged = toText(target);
  const to = new Registry(target.registry, options);
  const there = await to.resolve(target.repository, tag);
  if (there !== undefined) return { reference: toText({ ...target, version: there }), tagged, pushed: false };

  const base = parseReference(spec.base);
  const from = base.registry === target.registry ? to : new Registry(base.registry, options);
  const [found, ...layers] = await Promise.all([
    readBase(from, base.repository, base.version, spec.base),
    ...spec.layers.filter((entries) => entries.length > 0).map(toLayer),
  ]);
  const platforms = suitable(found, options.check);
  options.step(`pushing ${tagged}`);
  const own = Promise.all(layers.map((layer) => putOnce(to, target.repository, layer.digest, layer.content)));
  own.catch(() => {}); // Looked at below, unless a layer of the base fails first.
  const manifests: Descriptor[] = [];
  for (const platform of platforms) {
    for (const layer of platform.layers)
      await copyLayer(layer, { from, fromRepository: base.repository, to, repository: target.repository }, options);
    const { manifest, config } = assemble(platform, layers, spec.config);
    await putOnce(to, target.repository, manifest.config.digest, config);
    await own;
    const body = Buffer.from(JSON.stringify(manifest));
    const descriptor = { mediaType: MANIFEST, digest: sha256(body), size: body.byteLength };
    await to.putManifest(target.repository, platforms.length === 1 ? tag : descriptor.digest, MANIFEST, body);
    manifests.push(platform.descriptor === undefined ? descriptor : { ...descriptor, platform: platform.descriptor });
  }
  let digest = manifests[0]!.digest;
  if (manifests.length > 1) {
    const body = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests }));
    await to.putManifest(target.repository, tag, INDEX, body);
    digest = sha256(body);
  }
  return { reference: toText({ ...target, version: digest }), tagged, pushed: true };
}

interface Platform {
  readonly descriptor: Descriptor["platform"];
  readonly config: any;
  readonly layers: readonly Descriptor[];
}

async function readBase(
  from: Registry,
  repository: string,
  version: string,
  said: string,
): Promise<readonly Platform[]> {
  const found = await from.manifest(repository, version);
  if (found === undefined) {
    throw new HadronError(
      "RUNNER_FAILED",
      `There is no base image ${said} at ${from.name}. Name another with --base-image or HADRON_BASE_IMAGE.`,
    );
  }
  const { content } = found;
  if (!Array.isArray(content.manifests)) return [await readPlatform(from, repository, content, undefined)];
  const wanted = (content.manifests as Descriptor[]).filter(
    ({ platform }) => platform?.os === "linux" && ARCHITECTURES.includes(platform.architecture),
  );
  if (wanted.length === 0)
    throw new HadronError(
      "RUNNER_FAILED",
      `The base image ${said} is there for none of linux/${ARCHITECTURES.join(", linux/")}.`,
    );
  return Promise.all(
    wanted.map(async ({ digest, platform }) => {
      const manifest = await from.manifest(repository, digest);
      if (manifest === undefined)
        throw new HadronError(
          "RUNNER_FAILED",
          `The base image ${said} names ${digest}, which ${from.name} does not have.`,
        );
      return readPlatform(from, repository, manifest.content, platform);
    }),
  );
}

/** The platforms on which the layers run: fails, as they do, where that is none. */
function suitable(platforms: readonly Platform[], check: PushOptions["check"]): readonly Platform[] {
  if (check === undefined) return platforms;
  const failures: unknown[] = [];
  const found = platforms.filter(({ config }) => {
    try {
      check(config.architecture);
      return true;
    } catch (error) {
      failures.push(error);
      return false;
    }
  });
  if (found.length === 0) throw failures[0];
  return found;
}

async function readPlatform(
  from: Registry,
  repository: string,
  manifest: any,
  descriptor: Descriptor["platform"],
): Promise<Platform> {
  const config = JSON.parse(await textOf(await from.blob(repository, manifest.config.digest)));
  return { descriptor, config, layers: manifest.layers };
}

function assemble(
  platform: Platform,
  layers: readonly Layer[],
  wanted: ImageSpec["config"],
): { manifest: any; config: Uint8Array } {
  const { config: base } = platform;
  const config = Buffer.from(
    JSON.stringify({
      created: base.created,
      architecture: base.architecture,
      ...(base.variant === undefined ? {} : { variant: base.variant }),
      os: base.os,
      config: {
        ...base.config,
        User: wanted.user,
        WorkingDir: wanted.workingDirectory,
        Entrypoint: null,
        Cmd: wanted.command,
        Labels: { ...base.config?.Labels, ...wanted.labels },
      },
      rootfs: { type: "layers", diff_ids: [...base.rootfs.diff_ids, ...layers.map(({ diffId }) => diffId)] },
      history: [...(base.history ?? []), ...layers.map(() => ({ created: base.created, created_by: "hadron" }))],
    }),
  );
  const manifest = {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: { mediaType: CONFIG, digest: sha256(config), size: config.byteLength },
    layers: [
      // The same bytes under OCI's name: a manifest must not mix the two.
      ...platform.layers.map(({ mediaType, digest, size }) => ({
        mediaType: mediaType.includes("zstd") ? mediaType : LAYER,
        digest,
        size,
      })),
      ...layers.map(({ digest, content }) => ({ mediaType: LAYER, digest, size: content.byteLength })),
    ],
  };
  return { manifest, config };
}

async function putOnce(to: Registry, repository: string, digest: string, content: Uint8Array): Promise<void> {
  if (await to.hasBlob(repository, digest)) return;
  await to.putBlob(repository, { digest, size: content.byteLength }, content);
}

async function copyLayer(
  layer: Descriptor,
  way: { readonly from: Registry; readonly fromRepository: string; readonly to: Registry; readonly repository: string },
  { step }: PushOptions,
): Promise<void> {
  const { from, fromRepository, to, repository } = way;
  if (await to.hasBlob(repository, layer.digest)) return;
  if (from === to && (await to.mountBlob(repository, layer.digest, fromRepository))) return;
  step(`copying ${Math.ceil(layer.size / 1_000_000)} MB of the base image to ${to.name}`);
  await to.putBlob(repository, layer, await from.blob(fromRepository, layer.digest));
}
