/** What the benchmark and its two processes say to each other. Times are of `process.hrtime`, in milliseconds: one clock for all. */
export type ToControlPlane = {
  readonly kind: 'change';
  /** The last pod of each of these services becomes ready or not. */
  readonly pods: readonly { readonly index: number; readonly isReady: boolean }[];
};

export type FromControlPlane =
  | { readonly kind: 'listening'; readonly port: number; readonly ca: string }
  /** The changes that were asked for are in the tables since `at`. */
  | { readonly kind: 'changed'; readonly at: number };

export type ToSwarm =
  | { readonly kind: 'connect'; readonly port: number; readonly ca: string }
  /** The next updates of these services are waited for, until `arrivals` have come. */
  | { readonly kind: 'expect'; readonly services: readonly string[]; readonly arrivals: number }
  | { readonly kind: 'count' };

export type FromSwarm =
  | { readonly kind: 'synced'; readonly at: number; readonly services: number }
  | { readonly kind: 'expecting' }
  | { readonly kind: 'arrived'; readonly last: number }
  /** Updates since the last `expect`, whatever was in them, and how many sidecars they came to. */
  | { readonly kind: 'counted'; readonly updates: number; readonly sidecars: number };

export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
