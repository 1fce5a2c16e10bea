import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import type { Credentials, Grant, TlsMaterial } from './credentials.ts';

/**
 * What the current context of kubeconfig files says, the first file winning. The library does what a kubeconfig may ask for:
 * certificates, tokens, exec plugins, OpenID Connect, proxies. Throws where a file cannot be read or names no cluster.
 */
export function kubeConfigCredentials(files: readonly string[]): Credentials {
  let config = readKubeConfig(files);
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new Error(`expected a current-context with a cluster in ${files.join(', ')}, found none`);
  }
  const context = config.getContextObject(config.getCurrentContext());
  return {
    server: new URL(cluster.server),
    namespace: context?.namespace ?? 'default',
    async grant(fresh = false) {
      // The library keeps what a plugin said, and what stood in the file, for as long as it lives.
      if (fresh) config = readKubeConfig(files);
      return grantOf(config, cluster.proxyUrl !== undefined);
    },
  };
}

/** Several files as one, the first one winning. Throws where one cannot be read. */
export function readKubeConfig(files: readonly string[]): KubeConfig {
  const [first, ...others] = files.map((file) => {
    const config = new KubeConfig();
    config.loadFromFile(file);
    return config;
  });
  if (first === undefined) throw new Error('expected at least one kubeconfig file');
  for (const other of others) first.mergeConfig(other, first.getCurrentContext() !== undefined);
  return first;
}

/** Reads certificate and token files anew each time, runs an exec plugin once its credential has expired. */
async function grantOf(config: KubeConfig, isProxied: boolean): Promise<Grant> {
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const headers = Object.fromEntries(
    Object.entries(options.headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]),
  );
  if (typeof options.auth === 'string') {
    headers['authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  }
  const { agent } = options;
  return { headers, tls: tlsOf(options), ...(isProxied && typeof agent === 'object' ? { agent } : {}) };
}

function tlsOf({ ca, cert, key, servername, rejectUnauthorized }: RequestOptions): TlsMaterial {
  return {
    ...pem('ca', ca),
    ...pem('cert', cert),
    ...pem('key', key),
    ...(servername === undefined ? {} : { servername }),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
  };
}

function pem(name: 'ca' | 'cert' | 'key', value: unknown): TlsMaterial {
  return typeof value === 'string' || Buffer.isBuffer(value) ? { [name]: value.toString() } : {};
}
