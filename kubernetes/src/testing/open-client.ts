import { createApiClient, type ApiClient } from '../api-client.ts';
import type { Credentials, TlsMaterial } from '../credentials.ts';

/** A client of a server that asks for no credentials, or for one token. */
export function openClient(url: string, grant: { token?: string; tls?: TlsMaterial } = {}): ApiClient {
  return createApiClient({ credentials: openCredentials(url, grant), userAgent: 'lanekeeper-test/1' });
}

export function openCredentials(
  url: string,
  { token, tls = {} }: { token?: string; tls?: TlsMaterial } = {},
): Credentials {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return { server: new URL(url), namespace: 'default', grant: () => Promise.resolve({ headers, tls }) };
}
