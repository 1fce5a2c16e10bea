import type { EdgeConfig, EdgePolicy } from '@lanekeeper/protocol/edge';
import type { ClusterKind, KindContext } from '../cluster-kind.ts';
import type { BackendView } from './backend-service.ts';
import { createEdgeParts } from './edge-parts.ts';
import { policyOf, watchGatewayConfigs, type GatewayConfigs } from './gateway-configs.ts';
import { createGatewayReplicas } from './gateway-replicas.ts';
import { GATEWAY_CONFIGS } from './parameters.ts';
import { watchTlsSecrets, type TlsSecrets } from './tls-secrets.ts';

/** What Ingresses and the Gateway API have in common. */
export interface EdgeContext extends KindContext {
  readonly backends: BackendView;
  readonly secrets: TlsSecrets;
  readonly configs: GatewayConfigs;
  /** What a GatewayConfig (`namespace/name`) says; undefined: there is none, or nothing can be made of it. */
  readonly policyOf: (gatewayConfig: string) => EdgePolicy | undefined;
  /** Says what gateways are to serve by this kind of objects. */
  readonly serve: (part: EdgeConfig) => void;
}

/** All that gateways serve, as one kind. */
export function createEdgeKind(
  context: KindContext,
  creators: readonly ((context: EdgeContext) => ClusterKind)[],
): ClusterKind {
  const secrets = watchTlsSecrets(context);
  const replicas = createGatewayReplicas({ ...context, tell: (verdict) => configs.tellReplicas(verdict) });
  const configs = watchGatewayConfigs({ ...context, onReplicas: (bounds) => replicas.want(bounds) });
  const parts = createEdgeParts(context.catalog);
  const { tables, laneOf } = context;
  const backends: BackendView = { service: (id) => tables.services.get(id), laneOf };
  const kinds = creators.map((create) =>
    create({ ...context, backends, secrets, configs, policyOf: policyIn(configs), serve: parts.join() }),
  );
  return {
    start() {
      secrets.start();
      configs.start();
      for (const kind of kinds) kind.start();
    },
    async synced() {
      await Promise.all([secrets.synced(), configs.synced(), ...kinds.map((kind) => kind.synced())]);
    },
    problems: () => [
      ...secrets.problems(),
      ...configs.problems(),
      ...kinds.flatMap((kind) => kind.problems()),
    ],
    findings: () => kinds.flatMap((kind) => kind.findings()),
    stop() {
      secrets.stop();
      configs.stop();
      replicas.stop();
      for (const kind of kinds) kind.stop();
    },
  };
}

function policyIn(configs: GatewayConfigs): EdgeContext['policyOf'] {
  return (id) => {
    const [namespace = '', name = ''] = id.split('/');
    const spec = configs.specOf({ kind: GATEWAY_CONFIGS.kind, namespace, name });
    return spec === undefined ? undefined : policyOf(spec);
  };
}
