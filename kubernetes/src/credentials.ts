import type { Agent } from 'node:http';

/** What opens connections to the API server and what each request carries. */
export interface Credentials {
  /** `https://192.0.2.1:443`, perhaps with a path that comes before all others. */
  readonly server: URL;
  /** Namespace of the pod or of the kubeconfig's context. */
  readonly namespace: string;
  /** Read anew for each request: tokens and certificates rotate. `fresh`: what was kept was refused (401). */
  grant(fresh?: boolean): Promise<Grant>;
}

export interface Grant {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsMaterial;
  /** Where connections lead through a proxy; `tls` is already in it. */
  readonly agent?: Agent;
}

/** PEM; absent fields are Node's own choice. */
export interface TlsMaterial {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}
