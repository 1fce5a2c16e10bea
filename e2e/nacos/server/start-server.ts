import type { NacosServer, NacosServerOptions } from '@lanekeeper/playground/nacos-server/nacos-server';
import { startNacosServer } from '@lanekeeper/playground/nacos-server/start-nacos-server';
import { startContainerServer } from './container-server.ts';
import { KIND_VARIABLE, chooseServerKind } from './server-kind.ts';

/** A real Nacos server for a test. One with TLS is always the process: the published image would need a key store for it. */
export async function startServer(options: NacosServerOptions = {}): Promise<NacosServer> {
  const { kind } = await chooseServerKind(process.env[KIND_VARIABLE]);
  const isContainer = kind === 'container' && options.tls === undefined && options.home === undefined;
  return isContainer ? startContainerServer(options) : startNacosServer(options);
}
