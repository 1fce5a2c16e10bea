import { kubectl, type KubeObject } from './kubectl.ts';
import { SYSTEM } from './chart.ts';
import { chainApp, deployment, service } from './objects.ts';

/** The chart with a gateway, as the promises of the edge install it. */
export const WITH_GATEWAY = [
  '--set=gateway.enabled=true',
  '--set=gateway.replicas=1',
  '--set=gateway.service.type=ClusterIP',
];

/** Where clients of Ingresses come in. */
export const GATEWAY = `http://lanekeeper-gateway.${SYSTEM}`;

const API = 'lanekeeper.io/v1alpha1';

export function laneGroup(name: string, services: readonly string[], more: object = {}): KubeObject {
  return {
    apiVersion: API,
    kind: 'LaneGroup',
    metadata: { name },
    spec: { services: services.map((each) => ({ name: each })), ...more },
  };
}

export function lane(name: string, group: string, more: object = {}): KubeObject {
  return { apiVersion: API, kind: 'Lane', metadata: { name }, spec: { group, ...more } };
}

/** Host -> `service:port`, for all paths. */
export function ingress(
  name: string,
  hosts: Readonly<Record<string, string>>,
  annotations: Readonly<Record<string, string>> = {},
): KubeObject {
  const rules = Object.entries(hosts).map(([host, backend]) => {
    const [target = '', port = '80'] = backend.split(':');
    const to = { service: { name: target, port: { number: Number(port) } } };
    return { host, http: { paths: [{ path: '/', pathType: 'Prefix', backend: to }] } };
  });
  const metadata = { name, annotations };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata,
    spec: { ingressClassName: 'lanekeeper', rules },
  };
}

const CHAIN = [
  ['a', 'http://b:8080/'],
  ['b', 'http://c:8080/'],
  ['c', undefined],
] as const;

export const CHAIN_DEPLOYMENTS = CHAIN.flatMap(([name]) => [name, `${name}-gray`]);

/** A -> B -> C in base and gray, one Service for each. */
export function chainOfLanes(): readonly KubeObject[] {
  return CHAIN.flatMap(([name, next]) => {
    const title = name.toUpperCase();
    const labels = { app: name };
    const more = next === undefined ? {} : { next };
    const gray = { ...labels, 'lanekeeper.io/lane': 'gray' };
    return [
      service(name, { http: 8080 }),
      deployment(name, chainApp(title, { labels, ...more })),
      deployment(`${name}-gray`, chainApp(`${title}gray`, { labels: gray, ...more })),
    ];
  });
}

/** The newest status of an object of ours. */
export async function statusOf(
  space: string,
  kind: string,
  name: string,
): Promise<Readonly<Record<string, unknown>>> {
  const text = await kubectl(['get', '--namespace', space, kind, name, '--output=json']);
  return (JSON.parse(text) as { status?: Readonly<Record<string, unknown>> }).status ?? {};
}
