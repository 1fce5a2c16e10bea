import { UNINJECTED, deployment, service } from './objects.ts';
import type { Space } from './space.ts';

/** A reverse proxy outside the mesh that routes by host name, as an Ingress does; reached as `http://edge:8080`. */
export async function startEdge(space: Space, routes: Readonly<Record<string, string>>): Promise<void> {
  const edge = deployment('edge', {
    args: ['edge'],
    env: { ROUTES: JSON.stringify(routes) },
    labels: UNINJECTED,
    readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
  });
  await space.apply(edge, service('edge', { http: 8080 }));
  await space.rolledOut('edge');
}
