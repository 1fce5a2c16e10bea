import { fileURLToPath } from 'node:url';
import type { Registrant } from '@lanekeeper/playground/nacos-server/registrant';
import { eventually } from '../../harness/eventually.ts';
import { send } from '../../harness/http-client.ts';
import type { Pod } from '../../harness/pods.ts';
import { startProcess, type RunningProcess } from '../../harness/process.ts';
import { calleeOf, metadataOf, type Workload } from './shop-layout.ts';

const APP = fileURLToPath(new URL('../../../playground/src/demo-app.ts', import.meta.url));

/** A machine that does much else at the same time is slow; no request of the promises is to fail for that. */
const CALL_TIMEOUT_MS = '20000';

export interface ShopSite {
  /** `127.0.0.1:8848` */
  readonly server: string;
  readonly registrant: Registrant;
  /** Further metadata of the instances that register themselves. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** An application and how it is known in Nacos. */
export interface ShopApp {
  readonly title: string;
  /** As Nacos knows it: where its sidecar listens. */
  readonly ip: string;
  readonly port: number;
  /** Takes it out of Nacos while it goes on serving; resolves when Nacos has heard it. */
  deregister(): Promise<void>;
  register(): Promise<void>;
  /** Both it and its sidecar are gone at once. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

export async function startShopApp(workload: Workload, pod: Pod, site: ShopSite): Promise<ShopApp> {
  const process = await startProcess({
    command: globalThis.process.execPath,
    args: [APP],
    env: environmentOf(workload, pod, site),
  });
  await eventually(`${workload.title} registered`, async () => {
    const answer = await send(pod.appAt, { path: '/healthz' }).catch(() => undefined);
    return answer?.status === 200;
  });
  const app = workload.registrant === 'java' ? javaApp(workload, pod, site) : ownApp(pod);
  if (workload.registrant === 'java') await app.register();
  return {
    title: workload.title,
    ip: pod.endpoint.address,
    port: pod.endpoint.port,
    ...app,
    ...ends(process, pod),
  };
}

function environmentOf(workload: Workload, pod: Pod, { server, metadata }: ShopSite): Record<string, string> {
  const own = {
    APP_NACOS: server,
    APP_SERVICE: workload.service,
    APP_NACOS_PORT: String(pod.endpoint.port),
    APP_METADATA: JSON.stringify({ ...metadataOf(workload), ...metadata }),
  };
  return {
    APP_NAME: workload.title,
    APP_ADDRESS: pod.appAt.address,
    APP_PORT: String(pod.appAt.port),
    APP_PROXY_PORT: String(pod.proxy.entry.port),
    APP_CALLS: calleeOf(workload) ?? '',
    APP_CALL_TIMEOUT_MS: CALL_TIMEOUT_MS,
    ...(workload.registrant === 'java' ? {} : own),
  };
}

function ownApp({ appAt }: Pod): Pick<ShopApp, 'register' | 'deregister'> {
  const change = async (method: 'PUT' | 'DELETE'): Promise<void> => {
    const { status, text } = await send(appAt, { method, path: '/registration' });
    if (status !== 200) throw new Error(text);
  };
  return { register: () => change('PUT'), deregister: () => change('DELETE') };
}

function javaApp(
  workload: Workload,
  { endpoint }: Pod,
  { registrant }: ShopSite,
): Pick<ShopApp, 'register' | 'deregister'> {
  const { service } = workload;
  const client = registrant.client(workload.title);
  const instance = { ip: endpoint.address, port: endpoint.port, metadata: metadataOf(workload) };
  return {
    register: () => client.register({ service }, instance),
    deregister: () => client.deregister({ service }, instance),
  };
}

function ends(app: RunningProcess, pod: Pod): Pick<ShopApp, 'kill' | 'stop'> {
  return {
    async kill() {
      process.kill(app.pid, 'SIGKILL');
      process.kill(pod.proxy.process.pid, 'SIGKILL');
      await Promise.all([app.exited, pod.proxy.process.exited]);
    },
    stop: async () => void (await app.stop(4_000)),
  };
}
