import type { EdgeBackend } from '@lanekeeper/protocol/edge';
import type { BackendSettings } from '@lanekeeper/mesh-file/ingress-annotations/read-backend';
import { findBackend, type Backend, type BackendView } from '../../edge/backend-service.ts';
import type { IngressBackend, KubeIngress } from '../read/kube-ingress.ts';
import type { IngressProblem } from './ingress-problem.ts';

export interface BackendContext {
  readonly view: BackendView;
  readonly problems: IngressProblem[];
}

/** Where a place of the Ingress sends requests: its Service, or the destinations that its annotations name. */
export function convertBackends(
  ingress: KubeIngress,
  backend: IngressBackend,
  settings: BackendSettings,
  context: BackendContext,
): readonly EdgeBackend[] {
  const { namespace } = ingress.meta;
  const wanted = settings.destinations?.map((destination) => ({
    ref: { name: destination.service, namespace: destination.namespace ?? namespace },
    port: destination.port ?? backend.port,
    weight: destination.weight,
  })) ?? [{ ref: { name: backend.service ?? '', namespace }, port: backend.port, weight: 1 }];
  return wanted.map(({ ref, port, weight }) => {
    const found = lookUp(ref, port, context.view);
    if (found.kind !== 'found') {
      const reason = found.kind === 'absent' ? 'BackendNotFound' : 'BackendUnsupported';
      const ingressName = `${namespace}/${ingress.meta.name}`;
      context.problems.push({ ingress: ingressName, reason, message: found.message });
    }
    return edgeBackend(found, weight, settings);
  });
}

function lookUp(ref: { name: string; namespace: string }, port: number | string, view: BackendView): Backend {
  if (ref.name === '') return { kind: 'unsupported', message: 'expected a Service as the backend' };
  const number = typeof port === 'number' ? port : portCalled(port, `${ref.namespace}/${ref.name}`, view);
  if (number !== undefined) return findBackend(ref, number, view);
  const missing = findBackend(ref, 0, view);
  if (view.service(`${ref.namespace}/${ref.name}`) === undefined) return missing;
  return { kind: 'absent', message: `Service ${ref.namespace}/${ref.name} has no port called ${port}` };
}

function portCalled(name: string, id: string, view: BackendView): number | undefined {
  return view.service(id)?.ports.find((port) => port.name === name && port.protocol === 'TCP')?.port;
}

/** One that is not there answers 500 for its share: requests must not go where nobody meant them to. */
function edgeBackend(found: Backend, weight: number, { subset, protocol }: BackendSettings): EdgeBackend {
  const chosen = subset === undefined ? {} : { subset };
  if (found.kind !== 'found') return { service: undefined, port: 0, weight };
  const spoken = protocol ?? found.protocol;
  return {
    ...{ service: found.service, port: found.port, weight, ...chosen },
    ...(spoken === undefined ? {} : { protocol: spoken }),
    ...(found.lane === undefined || subset !== undefined ? {} : { lane: found.lane }),
  };
}
