import { BASELINE } from '@lanekeeper/protocol/lane-name';
import { stringify } from 'yaml';
import { GRAY, HOSTS, WORKLOADS } from './layout.ts';

/** Port at which the services are called: `http://b/`. */
const SERVICE_PORT = 80;

/** The lane group of A, B and C. */
export const GROUP = 'demo';

const NAMES = [...new Set(WORKLOADS.map((workload) => workload.service))];

/** Lanes and the gateway's routes. */
const RULES = {
  groups: [{ name: GROUP, services: NAMES.map((name) => ({ name })) }],
  lanes: [{ name: GRAY, group: GROUP, match: [{ hosts: [HOSTS[GRAY]] }] }],
  gateway: { routes: [{ hosts: ['*'], service: { name: NAMES[0] }, port: SERVICE_PORT }] },
};

/** The mesh as every sidecar of the playground reads it. `inboundPort` is where the sidecars of the endpoints listen. */
export function meshFile(inboundPort: number): string {
  const services = NAMES.map((name) => ({
    name,
    ports: [{ port: SERVICE_PORT, protocol: 'http' }],
    endpoints: WORKLOADS.filter((workload) => workload.service === name).map((workload) => ({
      address: workload.address,
      port: inboundPort,
      pod: workload.title,
      ...(workload.lane === BASELINE ? {} : { lane: workload.lane }),
    })),
  }));
  const text = stringify({ services, ...RULES });
  return `# The playground's mesh. Every sidecar watches this file: an edit is taken over while it runs.\n${text}`;
}

/** The same without services, which are known from elsewhere. */
export function rulesOnly(): string {
  return `# Lanes and routes of the playground. An edit is taken over while it runs.\n${stringify(RULES)}`;
}
