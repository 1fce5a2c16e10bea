import type { StartedTestContainer } from 'testcontainers';
import { text } from 'node:stream/consumers';
import { ensurePassword, isUp, type NacosPlace } from '@lanekeeper/playground/nacos-server/nacos-api';
import { GRPC_OFFSET, chooseNacosPort } from '@lanekeeper/playground/nacos-server/nacos-ports';
import type { NacosServer, NacosServerOptions } from '@lanekeeper/playground/nacos-server/nacos-server';
import { until } from '../../cluster/until.ts';
import { findEngine } from './server-kind.ts';

/** The last release line whose user `nacos` has a password from the start; the variable names another image of Nacos 2. */
export const NACOS_IMAGE = process.env['NACOS_E2E_IMAGE'] ?? 'nacos/nacos-server:v2.3.2';

const HTTP_PORT = 8848;
const READY_TIMEOUT_MS = 120_000;

/** Fetches the image, so that no test waits for it. */
export async function pullNacosImage(): Promise<void> {
  const { ImageName } = await import('testcontainers');
  const { image } = await findEngine();
  await image.pull(ImageName.fromString(NACOS_IMAGE));
}

/** Starts the published image in a container of its own, its ports published at the same distance as inside. */
export async function startContainerServer(options: NacosServerOptions = {}): Promise<NacosServer> {
  if (options.tls !== undefined || options.home !== undefined)
    throw new Error('the container of Nacos has no TLS and no home of its own: start the process for that');
  const httpPort = await chooseNacosPort();
  let container = await startContainer(httpPort, options);
  const place: NacosPlace = { address: container.getHost(), httpPort };
  const ready = async (): Promise<void> => {
    const up = (): Promise<boolean> => isUp(place);
    await until(`Nacos of ${NACOS_IMAGE} is up`, up, { withinMs: READY_TIMEOUT_MS });
    if (options.auth !== undefined) await ensurePassword(place, options.auth.password);
  };
  const engine = async () => (await findEngine()).container.getById(container.getId());
  const kill = async (): Promise<void> => (await engine()).kill();
  await ready();
  return {
    ...place,
    grpcPort: httpPort + GRPC_OFFSET,
    pid: () => undefined,
    log: async () => text(await container.logs()),
    stop: async () => void (await container.stop()),
    kill,
    async start() {
      await (await engine()).start();
      await ready();
    },
    async restart() {
      await container.restart();
      await ready();
    },
    hang: async () => (await engine()).pause(),
    resume: async () => (await engine()).unpause(),
    async loseData() {
      await kill();
      await container.stop();
      container = await startContainer(httpPort, options);
      await ready();
    },
  };
}

async function startContainer(
  httpPort: number,
  { auth, heapMb = 256, properties = {} }: NacosServerOptions,
): Promise<StartedTestContainer> {
  const { GenericContainer, Wait } = await import('testcontainers');
  const secret = Buffer.from('a secret for the tokens of the tests, long enough').toString('base64');
  return new GenericContainer(NACOS_IMAGE)
    .withEnvironment({
      MODE: 'standalone',
      // A container may come back with another address; those who voted for the old one would not know it.
      NACOS_SERVER_IP: '127.0.0.1',
      JAVA_OPT: Object.entries(properties)
        .map(([name, value]) => `-D${name}=${value}`)
        .join(' '),
      JVM_XMS: '64m',
      JVM_XMX: `${heapMb}m`,
      JVM_XMN: '32m',
      NACOS_AUTH_ENABLE: String(auth !== undefined),
      NACOS_AUTH_CACHE_ENABLE: 'false',
      // Since 2.2.1 the image does not start without these, even where nobody is asked for a login.
      NACOS_AUTH_TOKEN: secret,
      NACOS_AUTH_IDENTITY_KEY: 'server-identity',
      NACOS_AUTH_IDENTITY_VALUE: 'of the tests',
    })
    .withExposedPorts(
      { container: HTTP_PORT, host: httpPort },
      { container: HTTP_PORT + GRPC_OFFSET, host: httpPort + GRPC_OFFSET },
    )
    .withWaitStrategy(Wait.forListeningPorts())
    .withStartupTimeout(READY_TIMEOUT_MS)
    .start();
}
