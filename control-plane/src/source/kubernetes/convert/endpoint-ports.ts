import type { KubeEndpointSlice, KubePod, KubeServicePort } from '../objects.ts';

/** Service port -> port of an endpoint. A port that the endpoint does not have is left out. */
export type EndpointPorts = Readonly<Record<string, number>>;

/** As a slice has it: by the name of the Service's port. */
export function portsOfSlice(ports: readonly KubeServicePort[], slice: KubeEndpointSlice): EndpointPorts {
  return portsBy(ports, ({ name }) => {
    const port = slice.ports.find((one) => one.name === name && one.protocol === 'TCP');
    return port?.port;
  });
}

/** For a pod that no slice knows: the target port, a name being that of one of its own container ports. */
export function portsOfPod(ports: readonly KubeServicePort[], pod: KubePod): EndpointPorts {
  return portsBy(ports, ({ targetPort }) => {
    if (typeof targetPort === 'number') return targetPort;
    const port = pod.ports.find(({ name, protocol }) => name === targetPort && protocol === 'TCP');
    return port?.containerPort;
  });
}

function portsBy(
  ports: readonly KubeServicePort[],
  find: (port: KubeServicePort) => number | undefined,
): EndpointPorts {
  const found: Record<string, number> = {};
  for (const port of ports) {
    const own = find(port);
    if (own !== undefined) found[port.port] = own;
  }
  return found;
}

export function hasNoPorts(ports: EndpointPorts): boolean {
  return Object.keys(ports).length === 0;
}
