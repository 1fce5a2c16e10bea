/** Of a Pod what the promises look at. */
export interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly spec: {
    readonly containers: readonly Container[];
    readonly initContainers?: readonly Container[];
  };
  readonly status: {
    readonly phase: string;
    readonly podIP?: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly lastTransitionTime: string;
    }[];
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
  };
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
}

export interface ContainerStatus {
  readonly name: string;
  readonly ready: boolean;
  readonly restartCount: number;
}

export const SIDECAR_CONTAINER = 'lanekeeper-sidecar';

/** The sidecar's container, where the pod has one: a native sidecar, or on older clusters a plain container. */
export function sidecarOf({ spec }: Pod): Container | undefined {
  return [...(spec.initContainers ?? []), ...spec.containers].find(({ name }) => name === SIDECAR_CONTAINER);
}

export function isReady({ status, metadata }: Pod): boolean {
  return metadata.deletionTimestamp === undefined && condition({ status }, 'Ready') === 'True';
}

export function condition({ status }: Pick<Pod, 'status'>, type: string): string | undefined {
  return status.conditions?.find((each) => each.type === type)?.status;
}

/** The lane that the pod's label names; `base` where there is none. */
export function laneOf({ metadata: { labels = {} } }: Pod): string {
  return labels['lanekeeper.io/lane'] ?? labels['alicloud.service.tag'] ?? 'base';
}
