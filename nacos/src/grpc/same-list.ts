import type { InstanceList, NacosInstance } from '../instance.ts';

/** Whether two lists, each in the order of `readServiceInfo`, say the same. */
export function isSameList(one: InstanceList, other: InstanceList): boolean {
  return (
    one.isProtected === other.isProtected &&
    one.instances.length === other.instances.length &&
    one.instances.every((instance, index) => isSameInstance(instance, other.instances[index]))
  );
}

function isSameInstance(one: NacosInstance, other: NacosInstance | undefined): boolean {
  return (
    other !== undefined &&
    one.ip === other.ip &&
    one.port === other.port &&
    one.cluster === other.cluster &&
    // NaN is the same as NaN.
    Object.is(one.weight, other.weight) &&
    one.enabled === other.enabled &&
    one.healthy === other.healthy &&
    one.ephemeral === other.ephemeral &&
    isSameMetadata(one.metadata, other.metadata)
  );
}

type Metadata = NacosInstance['metadata'];

function isSameMetadata(one: Metadata, other: Metadata): boolean {
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && one[key] === other[key])
  );
}
