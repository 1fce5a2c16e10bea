import { get as httpGet } from 'node:http';
import { get as httpsGet } from 'node:https';
import { join } from 'node:path';
import { run } from './command.ts';
import { KUBECTL, type ComponentName } from './components.ts';
import type { Layout } from './layout.ts';

const CHECKS: Readonly<Record<ComponentName, (layout: Layout) => Promise<unknown>>> = {
  containerd: (layout) => ctr(layout, ['version']),
  etcd: ({ nodeAddress }) => get(`http://${nodeAddress}:2381/health`),
  apiserver: (layout) => kubectl(layout, ['get', '--raw=/readyz']),
  'controller-manager': ({ nodeAddress }) => get(`https://${nodeAddress}:10257/healthz`),
  scheduler: ({ nodeAddress }) => get(`https://${nodeAddress}:10259/healthz`),
  'kube-proxy': ({ nodeAddress }) => get(`http://${nodeAddress}:10256/healthz`),
  coredns: ({ nodeAddress }) => get(`http://${nodeAddress}:8181/ready`),
  kubelet: ({ nodeAddress }) => get(`http://${nodeAddress}:10248/healthz`),
};

/** Whether a component serves; throws with the reason it gives. */
export async function isReady(layout: Layout, name: ComponentName): Promise<boolean> {
  await CHECKS[name](layout);
  return true;
}

/** kubectl as the cluster's administrator. */
export function kubectl(layout: Layout, args: readonly string[], input?: string): Promise<string> {
  const options = input === undefined ? {} : { input };
  return run(KUBECTL, ['--kubeconfig', layout.kubeconfig, '--request-timeout=20s', ...args], options);
}

/** containerd's own client, at the images and containers of Kubernetes. */
export function ctr({ sockets }: Layout, args: readonly string[]): Promise<string> {
  return run('ctr', ['--address', join(sockets, 'containerd.sock'), '--namespace', 'k8s.io', ...args]);
}

/** Fails unless the answer is 200. Some components make a certificate of their own for this port: health needs no trust. */
function get(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`${url}: ${why}`));
    const ask = url.startsWith('https:') ? httpsGet : httpGet;
    const request = ask(url, { rejectUnauthorized: false, timeout: 5_000, agent: false }, (response) => {
      response.resume();
      if (response.statusCode === 200) resolve();
      else fail(`status ${response.statusCode}`);
    });
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', (error) => fail(error.message));
  });
}
