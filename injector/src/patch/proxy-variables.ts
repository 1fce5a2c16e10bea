import { PORTS } from '@lanekeeper/protocol/ports';
import type { PodSettings } from '../decision/settings.ts';
import type { Container, PodView } from '../pod/pod.ts';
import type { Edit } from './edits.ts';

/** Without redirection the application is asked to use the sidecar as its HTTP proxy. A container that has a proxy of its own keeps it. */
export function proxyVariables(pod: PodView, settings: PodSettings): readonly Edit[] {
  const variables = variablesFor(settings);
  return pod.containers.flatMap((container, index) => {
    if (hasOwnProxy(container)) return [];
    const stated = new Set(container.env.map(({ name }) => name));
    const items = variables.filter(({ name }) => !stated.has(name));
    return [{ kind: 'prepend', path: ['spec', 'containers', index, 'env'], items }];
  });
}

/** What the status annotation says of containers whose requests the sidecar will not see. */
export function noteOwnProxies({ containers }: PodView): readonly string[] {
  const names = containers.filter(hasOwnProxy).map(({ name }) => name);
  return names.length === 0
    ? []
    : [`not through the sidecar, for they have an HTTP proxy of their own: ${names.join(', ')}`];
}

function hasOwnProxy({ env }: Container): boolean {
  return env.some(({ name }) => name.toLowerCase() === 'http_proxy');
}

/** Where the one application of the pod listens; undefined where that is not plain from its ports. */
export function soleAppAddress({ containers }: PodView): string | undefined {
  const ports = containers.flatMap(tcpPorts);
  return ports.length === 1 ? `127.0.0.1:${ports[0]}` : undefined;
}

function variablesFor({ excludeOutboundCidrs }: PodSettings): readonly { name: string; value: string }[] {
  const proxy = `http://127.0.0.1:${PORTS.outbound}`;
  const direct = ['127.0.0.1', 'localhost', '::1', ...excludeOutboundCidrs].join(',');
  return [
    // Some libraries read one spelling, some the other.
    { name: 'http_proxy', value: proxy },
    { name: 'HTTP_PROXY', value: proxy },
    { name: 'no_proxy', value: direct },
    { name: 'NO_PROXY', value: direct },
    // Node's fetch and http read them only when told to.
    { name: 'NODE_USE_ENV_PROXY', value: '1' },
  ];
}

function tcpPorts({ ports }: Container): readonly number[] {
  return ports.flatMap((port) => {
    const number = port['containerPort'];
    return typeof number === 'number' && (port['protocol'] ?? 'TCP') === 'TCP' ? [number] : [];
  });
}
