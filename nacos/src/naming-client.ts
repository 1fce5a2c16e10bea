import type { InstanceList, ServiceKey } from './instance.ts';

/**
 * Reads the services of one Nacos namespace, whatever the protocol. Nothing that a server does makes it throw outside of a promise
 * that somebody holds, log more than one line when an outage begins and one when it ends, or retry without a pause.
 */
export interface NamingClient {
  /** Names of all services of a group, those without instances included. Rejects with a NacosError. */
  listServices(group: string): Promise<readonly string[]>;
  /** What the server says now; no instances for a service that it does not know. Rejects with a NacosError. */
  query(service: ServiceKey): Promise<InstanceList>;
  /**
   * Follows a service until the returned function is called: `listener` gets the first list and every one that differs from the
   * last, within a second of the change; the empty one included. In an outage it hears nothing; within two seconds of the server's
   * return it is told what has changed meanwhile. What the server says is handed on as it is: whether to believe an empty answer
   * of a server that has just come back is the listener's business.
   */
  subscribe(service: ServiceKey, listener: (list: InstanceList) => void): () => void;
  /**
   * Asks once more for a service that is followed, as a change may not have been told yet. Resolves when what the server says was handed
   * on, or cannot be had now; never rejects.
   */
  refresh(service: ServiceKey): Promise<void>;
  status(): NamingStatus;
  /** `listener` is told of each change of the status, before any list of the new connection. Returns the function that ends it. */
  onStatus(listener: (status: NamingStatus) => void): () => void;
  /** Ends within a second; nothing is told afterwards. */
  close(): Promise<void>;
}

export interface NamingStatus {
  readonly state: 'connecting' | 'connected' | 'lost';
  /** Milliseconds since 1970. */
  readonly sinceMs: number;
  /** `grpc` or `http` once it is known. */
  readonly protocol: 'grpc' | 'http' | undefined;
  /** The member that is, or was last, spoken to. */
  readonly server: string | undefined;
  /** How often a connection was made: after a new one the server may have lost what it knew. */
  readonly connections: number;
  /** Why it is not connected, as a sentence; undefined: it is. */
  readonly problem: string | undefined;
}
