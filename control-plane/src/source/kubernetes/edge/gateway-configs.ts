import type { GatewayConfigSpec } from '@lanekeeper/mesh-file/objects/object-types';
import type { EdgePolicy } from '@lanekeeper/protocol/edge';
import type { ObjectStatuses } from '../../../status/object-statuses.ts';
import type { Verdict } from '../lanes/conditions.ts';
import { readDocument, type KubeDocument } from '../read/read-document.ts';
import { createTablesTeller } from '../tables-teller.ts';
import { watchOptional } from '../watch-optional.ts';
import type { WatchContext } from '../watch-table.ts';
import { DeclaredConfigs } from './declared-configs.ts';
import { GATEWAY_CONFIGS, MSE_INGRESS_CONFIGS, type ParametersRef } from './parameters.ts';

/** How the fleet is to listen, as people declare it. */
export interface GatewayConfigs {
  /** Undefined: there is none, or nothing of it was ever right. */
  specOf(ref: ParametersRef): GatewayConfigSpec | undefined;
  /** These are the parameters that the fleet goes by: how many there are is theirs to say. */
  use(ref: ParametersRef | undefined): void;
  /** What came of the replicas that they say. */
  tellReplicas(verdict: Verdict): void;
  /** Told when what one of them says is another thing now. */
  subscribe(listener: () => void): void;
  start(): void;
  synced(): Promise<void>;
  problems(): readonly string[];
  stop(): void;
}

export interface GatewayConfigsContext extends WatchContext {
  readonly statuses: ObjectStatuses;
  /** How many gateways there are to be, by the parameters in use; undefined: nobody says. Called again with the same. */
  readonly onReplicas: (bounds: GatewayConfigSpec['replicas']) => void;
}

export function watchGatewayConfigs(context: GatewayConfigsContext): GatewayConfigs {
  const listeners = new Set<() => void>();
  const declared = new DeclaredConfigs(context.statuses);
  const onPending = (): void => teller.schedule();
  const own = watchOptional<KubeDocument>(context, {
    ...{ resource: GATEWAY_CONFIGS, read: readDocument(GATEWAY_CONFIGS), onPending },
  });
  const foreign = watchOptional<KubeDocument>(context, {
    ...{ resource: MSE_INGRESS_CONFIGS, read: readDocument(MSE_INGRESS_CONFIGS), onPending },
  });
  const teller = createTablesTeller({
    log: context.log,
    tables: () => [own, foreign],
    onChange() {
      for (const key of own.take().keys) declared.takeOwn(key, own.store.get(key));
      for (const key of foreign.take().keys) declared.takeForeign(key, foreign.store.get(key));
      context.onReplicas(declared.replicas());
      for (const listener of listeners) listener();
    },
  });
  const { start, synced, problems, stop } = teller;
  return {
    specOf: (ref) => declared.specOf(ref),
    use(ref) {
      if (declared.use(ref)) context.onReplicas(declared.replicas());
    },
    tellReplicas: (verdict) => declared.tellReplicas(verdict),
    subscribe: (listener) => void listeners.add(listener),
    ...{ start, synced, problems, stop },
  };
}

export function policyOf(spec: GatewayConfigSpec): EdgePolicy {
  const { trustIncomingTag, trustedProxies, proxyProtocol, allow, deny, sampleRate } = spec;
  const tracing = sampleRate === undefined ? {} : { traceSampleRate: sampleRate };
  return { trustIncomingTag, trustedProxies, proxyProtocol, allow, deny, ...tracing };
}
