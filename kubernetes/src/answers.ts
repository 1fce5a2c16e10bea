import type { KubeObject } from './kube-object.ts';

export interface ListPage {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
  /** Empty: this was the last page. */
  readonly continueToken: string;
}

export interface TokenReview {
  readonly authenticated: boolean;
  /** The server's sentence where it is not; empty otherwise. */
  readonly error: string;
  /** `system:serviceaccount:shop:default` */
  readonly username: string;
  /** Those asked for that the token is meant for. */
  readonly audiences: readonly string[];
  /** `authentication.kubernetes.io/pod-name` and its kin. */
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

export interface ServerVersion {
  readonly major: number;
  readonly minor: number;
  /** `v1.34.4` */
  readonly gitVersion: string;
}
