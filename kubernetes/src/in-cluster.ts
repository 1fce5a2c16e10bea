import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import type { Credentials, Grant } from './credentials.ts';

/** Where kubelet mounts what a pod may say who it is with. */
export const SERVICE_ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/** kubelet rotates the token after 80 % of its life, an hour mostly; client-go reads it once a minute as well. */
const REREAD_MS = 60_000;

export interface InClusterOptions {
  readonly host: string;
  readonly port: string;
  readonly folder?: string;
  /** Monotonic milliseconds; default `performance.now`. */
  readonly now?: () => number;
}

/** The pod's service account. Rejects with the error of the file that cannot be read. */
export async function inClusterCredentials(options: InClusterOptions): Promise<Credentials> {
  const folder = options.folder ?? SERVICE_ACCOUNT_FOLDER;
  const now = options.now ?? (() => performance.now());
  const namespace = (await readFile(join(folder, 'namespace'), 'utf8')).trim();
  let grant = await readGrant(folder);
  let readAt = now();
  return {
    server: new URL(`https://${isIPv6(options.host) ? `[${options.host}]` : options.host}:${options.port}`),
    namespace,
    async grant(fresh = false) {
      if (fresh || now() - readAt >= REREAD_MS) {
        grant = await readGrant(folder);
        readAt = now();
      }
      return grant;
    },
  };
}

async function readGrant(folder: string): Promise<Grant> {
  const [token, ca] = await Promise.all([
    readFile(join(folder, 'token'), 'utf8'),
    readFile(join(folder, 'ca.crt'), 'utf8'),
  ]);
  return { headers: { authorization: `Bearer ${token.trim()}` }, tls: { ca } };
}
