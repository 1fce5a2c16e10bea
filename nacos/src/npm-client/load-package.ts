/** The part of the package's configuration client that is used. */
export interface PackageConfigClient {
  subscribe(key: { dataId: string; group: string }, listener: (content: string | null) => void): void;
  unSubscribe(key: { dataId: string; group: string }, listener: (content: string | null) => void): void;
  on(event: 'error', listener: (error: unknown) => void): void;
  close(): void;
}

/** What carries the requests of its configuration client, instead of its own. */
export interface PackageAgent {
  /** The body of the answer; null: there is no such thing. */
  request(path: string, request?: PackageRequest): Promise<string | null>;
}

export interface PackageRequest {
  readonly data?: Readonly<Record<string, unknown>>;
}

export interface PackageConfigOptions {
  readonly serverAddr: string;
  readonly namespace: string;
  readonly httpAgent: new () => PackageAgent;
  readonly httpclient: PackageHttpClient;
}

/** The part of the package's naming client that is used. */
export interface PackageNamingClient {
  registerInstance(service: string, instance: PackageInstance, group: string): Promise<void>;
  deregisterInstance(service: string, instance: PackageInstance, group: string): Promise<void>;
  ready(): Promise<void>;
  close(): Promise<void>;
  /** Its own affair: what follows services, and listens on a UDP port for that. */
  readonly _hostReactor?: { close(): Promise<void> };
}

export interface PackageInstance {
  readonly ip: string;
  readonly port: number;
  /** As a text: the package takes the number 0 for none, and makes it 1. */
  readonly weight: string;
  readonly clusterName: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly ephemeral: true;
  readonly healthy: true;
  readonly enabled: true;
}

export interface PackageCall {
  readonly method: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

export interface PackageHttpClient {
  request(url: string, call: PackageCall): Promise<{ readonly status: number; readonly data: string }>;
}

export type PackageLog = Readonly<
  Record<'debug' | 'info' | 'warn' | 'error', (...words: readonly unknown[]) => void>
>;

export interface PackageNamingOptions {
  readonly logger: PackageLog;
  readonly serverList: string;
  readonly namespace: string;
  readonly httpclient: PackageHttpClient;
}

export interface NacosPackage {
  readonly DataClient: new (options: PackageConfigOptions) => PackageConfigClient;
  readonly NacosNamingClient: new (options: PackageNamingOptions) => PackageNamingClient;
}

/** Its types promise less than it does, and `any` for the rest. Loaded when it is first needed: it brings some hundred files. */
export async function loadPackage(): Promise<NacosPackage> {
  const loaded: unknown = await import('nacos');
  return (
    'default' in (loaded as object) ? (loaded as { default: unknown }).default : loaded
  ) as NacosPackage;
}
