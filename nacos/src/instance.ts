/** A service as Nacos names it, within the Nacos namespace of the client that is asked. */
export interface ServiceKey {
  readonly group: string;
  readonly name: string;
}

/** The group of services that name none. */
export const DEFAULT_GROUP = 'DEFAULT_GROUP';
/** The cluster of instances that name none. */
export const DEFAULT_CLUSTER = 'DEFAULT';

/** One instance as a server tells it. Only its shape is checked: what it means for a mesh is decided elsewhere. */
export interface NacosInstance {
  /** An IP address or, where the registrant wrote one, a host name. */
  readonly ip: string;
  readonly port: number;
  /** May be NaN, negative or beyond 10,000. */
  readonly weight: number;
  readonly enabled: boolean;
  readonly healthy: boolean;
  readonly ephemeral: boolean;
  readonly cluster: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * All instances of a service, of every cluster, the unhealthy ones included; the disabled ones where the server tells of them (2.2.4
 * leaves them out of lists and pushes: an instance that is disabled is gone).
 */
export interface InstanceList {
  readonly instances: readonly NacosInstance[];
  /** Too few are healthy (the service's protection threshold): the server tells all of them as healthy. */
  readonly isProtected: boolean;
}
