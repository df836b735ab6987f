/** What the engine is asked to create: `POST /containers/create`, as far as we say anything. */
export interface ContainerPayload {
  readonly Image: string;
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly User?: string;
  readonly StopSignal?: string;
  readonly Env: readonly string[];
  readonly StopTimeout: number;
  readonly Labels: Readonly<Record<string, string>>;
  readonly ExposedPorts: Readonly<Record<string, object>>;
  readonly HostConfig: HostConfig;
  readonly NetworkingConfig: {
    readonly EndpointsConfig: Readonly<Record<string, { readonly Aliases: readonly string[] }>>;
  };
}

export interface HostConfig extends Limits, Life, Hardening {
  readonly Mounts?: readonly Mount[];
  readonly PortBindings: PortBindings;
  readonly NetworkMode: string;
}

/** Bytes, and billionths of a core. */
export interface Limits {
  readonly Memory: number;
  readonly MemorySwap: number;
  readonly NanoCpus: number;
}

/** A volume in a container. */
export interface Mount {
  readonly Type: "volume";
  readonly Source: string;
  readonly Target: string;
  readonly ReadOnly: boolean;
  /** NoCopy: what the image has there stays out of an empty volume. */
  readonly VolumeOptions: { readonly NoCopy: boolean };
}

/** By the port inside, e.g. `8080/tcp`. */
export type PortBindings = Readonly<Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[]>>;

/** How a container lives. */
export interface Life {
  readonly Init: boolean;
  readonly RestartPolicy: { readonly Name: string };
  readonly LogConfig: { readonly Type: string; readonly Config: Readonly<Record<string, string>> };
}

/** What a container may not do. */
export interface Hardening {
  readonly ReadonlyRootfs?: boolean;
  readonly CapDrop?: readonly string[];
  readonly SecurityOpt: readonly string[];
  readonly Tmpfs?: Readonly<Record<string, string>>;
}

/**
 * What a container is made of, by what can change of it: each aspect has a hash of its own in the label, so that the plan can
 * say what changed.
 */
export interface Aspects {
  readonly image: Pick<ContainerPayload, "Image" | "Entrypoint" | "Cmd" | "User" | "StopSignal">;
  readonly env: Pick<ContainerPayload, "Env">;
  readonly resources: Limits;
  readonly mounts: Pick<HostConfig, "Mounts">;
  readonly ports: PortBindings;
  readonly stop: Pick<ContainerPayload, "StopTimeout">;
}

/** What our own code may do: nothing but run and talk. */
export const HARDENED: Hardening = {
  ReadonlyRootfs: true,
  CapDrop: ["ALL"],
  SecurityOpt: ["no-new-privileges:true"],
  // Some packages unpack their native addon there.
  Tmpfs: { "/tmp": "rw,exec,nosuid,nodev,size=64m,mode=1777" },
};

/** What another image may not do. */
export const GUARDED: Hardening = { SecurityOpt: ["no-new-privileges:true"] };

/** How every container lives: no zombie is left, it comes back, and its log does not grow for ever. */
export const LIFE: Life = {
  Init: true,
  // Not "unless-stopped": an engine that comes back after a crash takes what it had to end for stopped by somebody.
  RestartPolicy: { Name: "always" },
  LogConfig: { Type: "json-file", Config: { "max-size": "10m", "max-file": "3" } },
};
