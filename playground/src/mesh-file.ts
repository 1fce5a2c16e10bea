import { BASELINE } from '@lanekeeper/protocol/lane-name';
import { stringify } from 'yaml';
import { GRAY, HOSTS, WORKLOADS } from './layout.ts';

/** Port at which the services are called: `http://b/`. */
const SERVICE_PORT = 80;

/** The mesh as every sidecar of the playground reads it. `inboundPort` is where the sidecars of the endpoints listen. */
export function meshFile(inboundPort: number): string {
  const names = [...new Set(WORKLOADS.map((workload) => workload.service))];
  const services = names.map((name) => ({
    name,
    ports: [{ port: SERVICE_PORT, protocol: 'http' }],
    endpoints: WORKLOADS.filter((workload) => workload.service === name).map((workload) => ({
      address: workload.address,
      port: inboundPort,
      pod: workload.title,
      ...(workload.lane === BASELINE ? {} : { lane: workload.lane }),
    })),
  }));
  const mesh = {
    services,
    groups: [{ name: 'demo', services: names.map((name) => ({ name })) }],
    lanes: [{ name: GRAY, group: 'demo', match: [{ hosts: [HOSTS[GRAY]] }] }],
    gateway: { routes: [{ hosts: ['*'], service: { name: names[0] }, port: SERVICE_PORT }] },
  };
  return `# The playground's mesh. Every sidecar watches this file: an edit is taken over while it runs.\n${stringify(mesh)}`;
}
