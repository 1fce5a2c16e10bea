import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import type { Credentials, Grant, TlsMaterial } from './credentials.ts';

/**
 * What the current context of kubeconfig files says, the first file winning. The library does what a kubeconfig may ask for:
 * certificates, tokens, exec plugins, OpenID Connect, proxies. Throws where a file cannot be read or names no cluster.
 */
export function kubeConfigCredentials(files: readonly string[], context?: string): Credentials {
  let config = readKubeConfig(files, context);
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new Error(`expected a current-context with a cluster in ${files.join(', ')}, found none`);
  }
  const current = config.getContextObject(config.getCurrentContext());
  return {
    server: new URL(cluster.server),
    namespace: current?.namespace ?? 'default',
    async grant(fresh = false) {
      // The library keeps what a plugin said, and what stood in the file, for as long as it lives.
      if (fresh) config = readKubeConfig(files, context);
      return grantOf(config, cluster.proxyUrl !== undefined);
    },
  };
}

/** Several files as one, the first one winning; `context` instead of the one that they say. Throws where that cannot be. */
export function readKubeConfig(files: readonly string[], context?: string): KubeConfig {
  const [first, ...others] = files.map((file) => {
    const config = new KubeConfig();
    config.loadFromFile(file);
    return config;
  });
  if (first === undefined) throw new Error('expected at least one kubeconfig file');
  for (const other of others) first.mergeConfig(other, first.getCurrentContext() !== undefined);
  if (context === undefined) return first;
  const names = first.getContexts().map(({ name }) => name);
  if (!names.includes(context))
    throw new Error(`there is no context ${context}; there are ${names.join(', ')}`);
  first.setCurrentContext(context);
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
