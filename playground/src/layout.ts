import { BASELINE } from '@lanekeeper/protocol/lane-name';

/** The lane that the playground shows beside the baseline. */
export const GRAY = 'gray';

/** Host names as in the scenario that is re-enacted: the first one is the base environment, the second one the gray one. */
export const HOSTS = { [BASELINE]: 'www.aliyundoc.com', [GRAY]: 'www.example.com' } as const;

export type LaneName = keyof typeof HOSTS;

/** One application and its sidecar, as one pod would hold them. */
export interface Workload {
  /** What the application calls itself in the chain: `A`, `Agray`. */
  readonly title: string;
  /** Service name in the mesh: `a`. */
  readonly service: string;
  readonly lane: LaneName;
  /** A loopback address of its own: the pod's IP. */
  readonly address: string;
  /** Service that the application calls before it answers; undefined for the last one. */
  readonly calls: string | undefined;
}

const SERVICES = ['a', 'b', 'c'] as const;

/** A, B and C: base at 127.0.1.1, 127.0.2.1, 127.0.3.1, gray beside each at .2. */
export const WORKLOADS: readonly Workload[] = [BASELINE, GRAY].flatMap((lane) =>
  SERVICES.map((service, index) => ({
    title: `${service.toUpperCase()}${lane === BASELINE ? '' : lane}`,
    service,
    lane: lane as LaneName,
    address: `127.0.${index + 1}.${lane === BASELINE ? 1 : 2}`,
    calls: SERVICES[index + 1],
  })),
);

export const GATEWAY_ADDRESS = '127.0.0.1';

/** The chain as the applications answer it when each service is served by the lane named: `A[127.0.1.1] -> B[…] -> C[…]`. */
export function chainOf(lanes: Readonly<Record<string, LaneName>>): string {
  return SERVICES.map((service) => {
    const workload = WORKLOADS.find((one) => one.service === service && one.lane === lanes[service]);
    return workload === undefined ? `${service}[nowhere]` : `${workload.title}[${workload.address}]`;
  }).join(' -> ');
}
