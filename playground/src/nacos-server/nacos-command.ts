import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { NacosServerOptions } from './nacos-server.ts';

export interface CommandPlace {
  readonly jar: string;
  readonly home: string;
  readonly port: number;
}

/** Arguments of `java`: a small server that keeps all that it writes below its home. */
export function nacosArguments({ jar, home, port }: CommandPlace, options: NacosServerOptions): string[] {
  const properties: Record<string, string> = {
    'nacos.standalone': 'true',
    'nacos.home': home,
    'nacos.logs.path': join(home, 'logs'),
    'nacos.server.ip': '127.0.0.1',
    'server.address': '127.0.0.1',
    'server.port': String(port),
    'server.servlet.context-path': '/nacos',
    'server.tomcat.basedir': join(home, 'tomcat'),
    'derby.stream.error.file': join(home, 'logs', 'derby.log'),
    // To make its database it takes more than the default of 3 s where much else goes on.
    'db.pool.config.connectionTimeout': '60000',
    'user.home': home,
    'java.io.tmpdir': home,
    ...authProperties(options),
    ...tlsProperties(options),
    ...options.properties,
  };
  return [
    ...['-Xms64m', `-Xmx${options.heapMb ?? 128}m`, '-XX:MaxMetaspaceSize=128m', '-Xss512k'],
    ...['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
    ...Object.entries(properties).map(([name, value]) => `-D${name}=${value}`),
    ...['-jar', jar],
  ];
}

function authProperties({ auth }: NacosServerOptions): Record<string, string> {
  if (auth === undefined) return {};
  // Tokens outlive a restart, as those of a server with a configured key do.
  const secret = createHash('sha256').update(auth.password).digest('base64');
  return {
    'nacos.core.auth.enabled': 'true',
    'nacos.core.auth.system.type': 'nacos',
    // With it, right passwords are refused for the first seconds.
    'nacos.core.auth.caching.enabled': 'false',
    'nacos.core.auth.plugin.nacos.token.secret.key': secret,
    'nacos.core.auth.server.identity.key': 'server-identity',
    'nacos.core.auth.server.identity.value': randomBytes(16).toString('hex'),
  };
}

function tlsProperties({ tls }: NacosServerOptions): Record<string, string> {
  if (tls === undefined) return {};
  const grpc = 'nacos.remote.server.rpc.tls';
  return {
    [`${grpc}.enableTls`]: 'true',
    // A bare path is looked for in the jar.
    [`${grpc}.certChainFile`]: `file:${tls.certificateFile}`,
    [`${grpc}.certPrivateKey`]: `file:${tls.keyFile}`,
    // Plain connections are refused.
    [`${grpc}.compatibility`]: 'false',
    'lanekeeper.http.tls.certificate': tls.certificateFile,
    'lanekeeper.http.tls.key': tls.keyFile,
  };
}
