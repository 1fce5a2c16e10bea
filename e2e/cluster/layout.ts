import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '');
/** What is built once and reused; safe to delete when no cluster runs. */
export const CACHE = join(ROOT, '.cache', 'cluster');

/** So many clusters find room on one machine beside each other: each has its share of the documentation networks. */
export const SLOTS = [0, 1] as const;
export type Slot = (typeof SLOTS)[number];

/** Every name, folder and address of one cluster. */
export interface Layout {
  readonly name: string;
  readonly slot: Slot;
  /** Data, logs and keys; in the checkout's cache. */
  readonly folder: string;
  readonly logs: string;
  readonly pki: string;
  readonly kubeconfig: string;
  readonly stateFile: string;
  /** Sockets: their paths must be short, and a checkout may lie deep. */
  readonly sockets: string;
  /** Of the network namespace, the control group and the CNI network. */
  readonly id: string;
  /** The machine's end of the cable into the namespace. */
  readonly hostLink: string;
  readonly hostAddress: string;
  readonly nodeName: string;
  readonly nodeAddress: string;
  readonly podCidr: string;
  readonly serviceCidr: string;
  readonly apiServiceAddress: string;
  readonly dnsAddress: string;
  readonly apiPort: number;
}

export function clusterFolder(name: string): string {
  return join(CACHE, 'run', name);
}

/** Addresses are of RFC 5737 (documentation) only: nodes 192.0.2.0/24, pods 198.51.100.0/24, Services 203.0.113.0/24. */
export function layoutOf(name: string, slot: Slot): Layout {
  const folder = clusterFolder(name);
  const link = 240 + 4 * slot;
  const half = 128 * slot;
  const id = `lanekeeper-cluster-${slot}`;
  return {
    name,
    slot,
    folder,
    logs: join(folder, 'logs'),
    pki: join(folder, 'pki'),
    kubeconfig: join(folder, 'kubeconfig'),
    stateFile: join(folder, 'cluster.json'),
    sockets: join('/run', id),
    id,
    hostLink: `lk-cluster${slot}`,
    hostAddress: `192.0.2.${link + 1}`,
    nodeName: 'node-1',
    nodeAddress: `192.0.2.${link + 2}`,
    podCidr: `198.51.100.${half}/25`,
    serviceCidr: `203.0.113.${half}/25`,
    apiServiceAddress: `203.0.113.${half + 1}`,
    dnsAddress: `203.0.113.${half + 10}`,
    apiPort: 6443,
  };
}
