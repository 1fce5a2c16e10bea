import { fieldsOf } from '@lanekeeper/kubernetes/kube-object';
import { isNetwork } from '@lanekeeper/runtime/networks';
import { DEFAULT_GATEWAY_CONFIG_SPEC } from '@lanekeeper/mesh-file/objects/decode-gateway-config';
import type { GatewayConfigSpec } from '@lanekeeper/mesh-file/objects/object-types';

export interface MappedIngressConfig {
  readonly spec: GatewayConfigSpec;
  /** Fields that have no effect here: `spec.common.network`, … */
  readonly unmapped: readonly string[];
}

const MOST_REPLICAS = 30;
const EVERYBODY = ['0.0.0.0/0', '::/0'];
/** What becomes of the fields of `mse.alibabacloud.com/v1alpha1 MseIngressConfig`; all others are told of. */
const MAPPED = new Set([
  'common.instance.replicas',
  'global.ipAccessControl.whitelist',
  'global.ipAccessControl.blacklist',
  'monitor.tracing.xTrace.sampleRate',
  'monitor.tracing.openTelemetry.sampleRate',
]);

/** Reads of an MseIngressConfig what maps onto a GatewayConfig. The rest configures a product that is not here. */
export function mapMseIngressConfig(spec: unknown): MappedIngressConfig {
  const leaves = new Map(leavesOf(spec, ''));
  const replicas = leaves.get('common.instance.replicas');
  const rates = ['xTrace', 'openTelemetry'].map((name) => leaves.get(`monitor.tracing.${name}.sampleRate`));
  const sampleRate = rates.map(percentOf).find((rate) => rate !== undefined);
  const isCounted = typeof replicas === 'number' && replicas >= 1 && replicas <= MOST_REPLICAS;
  const allow = networksOf(leaves.get('global.ipAccessControl.whitelist'));
  const deny = networksOf(leaves.get('global.ipAccessControl.blacklist'));
  return {
    spec: {
      ...DEFAULT_GATEWAY_CONFIG_SPEC,
      ...(isCounted ? { replicas: { min: replicas, max: replicas } } : {}),
      allow: allow.networks,
      // Of a list without one usable entry an empty one would be left, which lets everybody in.
      deny: allow.networks.length === 0 && !allow.isWhole ? EVERYBODY : deny.networks,
      ...(sampleRate === undefined ? {} : { sampleRate }),
    },
    unmapped: [
      ...[...leaves.keys()].filter((path) => !MAPPED.has(path)).map((path) => `spec.${path}`),
      ...(replicas === undefined || isCounted ? [] : ['spec.common.instance.replicas']),
      ...(allow.isWhole ? [] : ['spec.global.ipAccessControl.whitelist']),
      ...(deny.isWhole ? [] : ['spec.global.ipAccessControl.blacklist']),
    ].sort(),
  };
}

/** Lists are leaves: what is in them belongs together. */
function leavesOf(value: unknown, path: string): readonly (readonly [path: string, value: unknown])[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return path === '' ? [] : [[path, value]];
  }
  return Object.entries(fieldsOf(value)).flatMap(([key, below]) =>
    leavesOf(below, path === '' ? key : `${path}.${key}`),
  );
}

function networksOf(value: unknown): { readonly networks: readonly string[]; readonly isWhole: boolean } {
  const items = Array.isArray(value) ? value : value === undefined ? [] : [value];
  const networks = items.filter((item): item is string => typeof item === 'string' && isNetwork(item));
  return { networks, isWhole: networks.length === items.length };
}

/** Written as a number or as text. */
function percentOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && number >= 0 && number <= 100 ? number : undefined;
}
