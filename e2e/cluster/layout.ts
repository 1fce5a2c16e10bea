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
  readonly maxPods: number;
  readonly serviceCidr: string;
  readonly apiServiceAddress: string;
  readonly dnsAddress: string;
  readonly apiPort: number;
}

export function clusterFolder(name: string): string {
  return join(CACHE, 'run', name);
}

interface Share {
  readonly node: { readonly host: string; readonly address: string };
  readonly pods: string;
  /** Last part of the first of 64 addresses of 203.0.113.0/24. */
  readonly servicesFrom: number;
  readonly maxPods: number;
}

/**
 * Addresses are of RFC 5737 (documentation) only, and no more than are needed: while a cluster is up, the machine reaches nothing else
 * there. It has one end of each cable, the node the other.
 */
const SHARES: Readonly<Record<Slot, Share>> = {
  0: {
    node: { host: '192.0.2.241', address: '192.0.2.242' },
    pods: '198.51.100.0/25',
    servicesFrom: 0,
    maxPods: 110,
  },
  1: {
    node: { host: '192.0.2.245', address: '192.0.2.246' },
    pods: '198.51.100.128/25',
    servicesFrom: 128,
    maxPods: 110,
  },
};

export function layoutOf(name: string, slot: Slot): Layout {
  const folder = clusterFolder(name);
  const { node, pods, servicesFrom, maxPods } = SHARES[slot];
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
    hostAddress: node.host,
    nodeName: 'node-1',
    nodeAddress: node.address,
    podCidr: pods,
    maxPods,
    serviceCidr: `203.0.113.${servicesFrom}/26`,
    apiServiceAddress: `203.0.113.${servicesFrom + 1}`,
    dnsAddress: `203.0.113.${servicesFrom + 10}`,
    apiPort: 6443,
  };
}
