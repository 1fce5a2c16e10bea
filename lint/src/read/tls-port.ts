const TLS: readonly string[] = ['https', 'tls'];
/** Of `appProtocol` only. */
const TLS_APP_PROTOCOLS: readonly string[] = [...TLS, 'kubernetes.io/wss'];

export interface DeclaredPort {
  readonly name?: string | undefined;
  readonly appProtocol?: string | undefined;
}

/** Whether a port is said to be TLS: by its `appProtocol`, else by its name as Istio reads it (`https`, `tls-orders`). */
export function isTlsPort({ name = '', appProtocol }: DeclaredPort): boolean {
  if (appProtocol !== undefined) return TLS_APP_PROTOCOLS.includes(appProtocol.toLowerCase());
  const [prefix = ''] = name.toLowerCase().split('-', 1);
  return TLS.includes(prefix);
}
