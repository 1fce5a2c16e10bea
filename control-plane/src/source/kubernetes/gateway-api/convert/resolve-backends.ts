import type { EdgeBackend, EdgeMirror } from '@lanekeeper/protocol/edge';
import { findBackend, type BackendView } from '../../edge/backend-service.ts';
import type { BackendRef, KubeRoute } from '../objects.ts';
import type { BackendDraft, RuleDraft } from './draft-rules.ts';
import type { IsGranted } from './reference-grants.ts';
import type { Refusal } from './refusal.ts';

export interface BackendContext {
  readonly route: KubeRoute;
  readonly view: BackendView;
  readonly isGranted: IsGranted;
  /** Takes down what cannot be found. */
  readonly refuse: (refusal: Refusal) => void;
}

export function resolveBackends(
  drafts: readonly BackendDraft[],
  context: BackendContext,
): readonly EdgeBackend[] {
  return drafts.map((draft) => {
    // Without a Service its port means nothing, but gateways want one.
    const { weight, port = 80 } = draft.ref;
    const found = resolve(draft.ref, context);
    if ('reason' in found) {
      context.refuse(found);
      return { service: undefined, port, weight };
    }
    const { ref: _, ...headers } = draft;
    return { ...found, weight, ...headers };
  });
}

/** Those that cannot be found are left out: nobody waits for what they would answer. */
export function resolveMirrors(
  mirrors: RuleDraft['filters']['mirrors'],
  context: BackendContext,
): readonly EdgeMirror[] {
  return mirrors.flatMap(({ backend, percent }) => {
    const found = resolve(backend, context);
    if (!('reason' in found)) return [{ service: found.service, port: found.port, percent }];
    context.refuse(found);
    return [];
  });
}

type Found = Pick<EdgeBackend, 'port' | 'protocol' | 'lane'> & {
  readonly service: NonNullable<EdgeBackend['service']>;
};

function resolve(ref: BackendRef, { route, view, isGranted }: BackendContext): Found | Refusal {
  if (ref.group !== '' || ref.kind !== 'Service')
    return {
      reason: 'InvalidKind',
      message: `${ref.kind} of ${JSON.stringify(ref.group)} is no backend; a Service is`,
    };
  const { namespace = route.meta.namespace, name, port } = ref;
  const from = { kind: route.kind, namespace: route.meta.namespace };
  if (!isGranted({ from, to: { ...ref, namespace } })) return notPermitted(from, `${namespace}/${name}`);
  if (port === undefined)
    return { reason: 'BackendNotFound', message: `the backend Service ${namespace}/${name} needs a port` };
  const backend = findBackend({ namespace, name }, port, view);
  if (backend.kind !== 'found') {
    const reason = backend.kind === 'absent' ? 'BackendNotFound' : 'UnsupportedProtocol';
    return { reason, message: backend.message };
  }
  const { kind: _, ...found } = backend;
  if (route.kind !== 'GRPCRoute') return found;
  if (found.protocol === 'http')
    return {
      reason: 'UnsupportedProtocol',
      message: `port ${port} of Service ${namespace}/${name} is of WebSockets, not of gRPC`,
    };
  return { ...found, protocol: 'http2' };
}

function notPermitted({ kind, namespace }: { kind: string; namespace: string }, service: string): Refusal {
  const message = `no ReferenceGrant of its namespace lets ${kind}s of ${namespace} use Service ${service}`;
  return { reason: 'RefNotPermitted', message };
}
