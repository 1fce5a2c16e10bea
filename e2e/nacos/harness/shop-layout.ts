import { LABELS } from '@lanekeeper/protocol/labels';
import { stringify } from 'yaml';

/** Seed 000: transaction -> product -> inventory behind an edge. */
export const CHAIN = ['transaction', 'product', 'inventory'] as const;
export type ServiceName = (typeof CHAIN)[number];

export const GRAY = 'gray';
export type Lane = 'base' | typeof GRAY;

/** Host by which the edge gives a request its lane. */
export const HOSTS: Readonly<Record<Lane, string>> = {
  base: 'shop.example.com',
  gray: 'gray.shop.example.com',
};

export interface Workload {
  readonly title: string;
  readonly service: ServiceName;
  readonly lane: Lane;
  /** Registers itself, over HTTP as clients before Nacos 2 do; or is registered by the Java client of Nacos 2. */
  readonly registrant: 'itself' | 'java';
}

const workload = (service: ServiceName, lane: Lane, more: Partial<Workload> = {}): Workload => ({
  title: lane === 'base' ? service : `${service}-${lane}`,
  ...{ service, lane, registrant: 'itself' },
  ...more,
});

export const WORKLOADS: readonly Workload[] = [
  workload('transaction', 'base'),
  workload('transaction', GRAY),
  workload('product', 'base'),
  workload('product', 'base', { title: 'product-2' }),
  workload('product', 'base', { title: 'product-java', registrant: 'java' }),
  workload('product', GRAY),
  workload('inventory', 'base'),
  workload('inventory', GRAY),
];

export function calleeOf({ service }: Workload): ServiceName | undefined {
  return CHAIN[CHAIN.indexOf(service) + 1];
}

export function metadataOf({ lane }: Workload): Readonly<Record<string, string>> {
  return lane === 'base' ? {} : { [LABELS.lane]: lane };
}

/** Lanes and routes as they stand in the configuration `lanekeeper-demo.yaml`; `grayHosts` colours. */
export function rulesDocument(grayHosts: readonly string[] = [HOSTS.gray]): string {
  return stringify({
    groups: [{ name: 'demo', services: [...CHAIN] }],
    lanes: [{ name: GRAY, group: 'demo', match: [{ hosts: grayHosts }] }],
    gateway: { routes: [{ hosts: ['*'], service: CHAIN[0], port: 80 }] },
  });
}

/** `transaction product inventory` of `transaction[127.1.2.3] -> product[…] -> inventory[…]`; anything else as it is. */
export function titlesOf(answer: string): string {
  const parts = answer.trim().split(' -> ');
  const titles = parts.map((part) => /^([a-z0-9-]+)\[[0-9.]+\]$/.exec(part)?.[1]);
  return titles.includes(undefined) ? answer.trim() : titles.join(' ');
}

/** The lanes of a chain: `base gray base`. */
export function lanesOf(titles: string): string {
  return titles
    .split(' ')
    .map((title) => WORKLOADS.find((one) => one.title === title)?.lane ?? `?${title}`)
    .join(' ');
}
