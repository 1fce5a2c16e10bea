import { DEFAULT_CLUSTER, type InstanceList, type NacosInstance } from './instance.ts';

/**
 * Reads what servers of every age tell of a service (`ServiceInfo`), over HTTP and gRPC alike. Only shapes are checked: what is no
 * instance at all is left out, odd values are handed on. Undefined: it is no such answer.
 */
export function readInstanceList(value: unknown): InstanceList | undefined {
  const fields = fieldsOf(value);
  if (fields === undefined) return undefined;
  // A service without instances has an empty list, or none at all: it is known by its name then.
  const hosts = fields['hosts'] ?? (typeof fields['name'] === 'string' ? [] : undefined);
  if (!Array.isArray(hosts)) return undefined;
  const instances = hosts.flatMap((host: unknown) => readInstance(host) ?? []);
  const isProtected =
    fields['reachProtectionThreshold'] === true || fields['reachLocalSiteCallThreshold'] === true;
  return { instances, isProtected };
}

function readInstance(value: unknown): NacosInstance | undefined {
  const fields = fieldsOf(value);
  const ip = fields?.['ip'];
  const port = Number(fields?.['port']);
  if (fields === undefined || typeof ip !== 'string' || ip === '' || !Number.isInteger(port))
    return undefined;
  const { clusterName, weight, enabled, healthy, valid, ephemeral, metadata } = fields;
  return {
    ip,
    port,
    // Servers write NaN and infinities as texts.
    weight: weight === undefined || weight === null ? 1 : Number(weight),
    enabled: enabled !== false,
    healthy: (healthy ?? valid) !== false,
    ephemeral: ephemeral !== false,
    cluster: typeof clusterName === 'string' && clusterName !== '' ? clusterName : DEFAULT_CLUSTER,
    metadata: readMetadata(metadata),
  };
}

function readMetadata(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(fieldsOf(value) ?? {}).filter(
    ([, each]) => each !== null && each !== undefined,
  );
  return Object.fromEntries(
    entries.map(([key, each]) => [key, typeof each === 'string' ? each : JSON.stringify(each)]),
  );
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}
