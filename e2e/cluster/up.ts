import { mkdirSync, rmSync } from 'node:fs';
import { makeBaseImages } from './base-images.ts';
import { buildBinaries } from './binaries.ts';
import { makeCgroup } from './cgroup.ts';
import type { ComponentName } from './components.ts';
import { PAUSE_IMAGE, writeConfiguration } from './configuration.ts';
import { takeDownAbandoned, takeDownByName } from './down.ts';
import { importImages } from './import-images.ts';
import { readKernelSettings } from './kernel-settings.ts';
import { layoutOf, SLOTS, type Layout } from './layout.ts';
import { makeNetwork } from './network.ts';
import { applyObjects } from './objects.ts';
import { installPackages } from './packages.ts';
import { makePki } from './pki.ts';
import { ensureComponent } from './processes.ts';
import { isRunning, markOf } from './process-mark.ts';
import { kubectl } from './readiness.ts';
import { claimSlot, readClaims, readState, requireState, writeState } from './state.ts';
import { say, step } from './steps.ts';
import { until } from './until.ts';

/** What a cluster is made of and is the same for all: packages, programs, base images. Built once. */
export async function prepare(): Promise<void> {
  await installPackages();
  await buildBinaries();
  await makeBaseImages();
}

/** Makes a cluster and waits until its node takes pods. One of that name that is up is replaced. */
export async function bringUp(name: string): Promise<Layout> {
  const removed = await takeDownAbandoned();
  for (const each of removed) say(`cleaned up what a killed run had left: ${each}`);
  await replace(name);
  const layout = claim(name);
  await step('network, keys and configuration', () => lay(layout));
  await step('containerd and etcd', () => ensureAll(name, ['containerd', 'etcd']));
  await Promise.all([
    step('kube-apiserver', () => ensureComponent(name, 'apiserver')),
    importImages(layout, [PAUSE_IMAGE]),
  ]);
  await step('controllers, scheduler, kubelet, kube-proxy, CoreDNS', async () => {
    await applyObjects(layout);
    await ensureAll(name, ['controller-manager', 'scheduler', 'kubelet', 'kube-proxy', 'coredns']);
  });
  await step('node Ready', () => waitForNode(layout));
  return layout;
}

async function replace(name: string): Promise<void> {
  const there = readState(name);
  if (there === undefined) return;
  const { owner } = there;
  if (owner !== undefined && isRunning(owner))
    throw new Error(
      `the cluster '${name}' is in use by another run (process ${owner.pid}): wait for it, or take another --name`,
    );
  await step(`taking down the cluster '${name}' that is up`, () => takeDownByName(name));
}

async function ensureAll(name: string, components: readonly ComponentName[]): Promise<void> {
  await Promise.all(components.map((component) => ensureComponent(name, component)));
}

function claim(name: string): Layout {
  const owner = markOf(process.pid);
  for (const slot of SLOTS) {
    const layout = layoutOf(name, slot);
    if (!claimSlot(layout, owner)) continue;
    rmSync(layout.folder, { recursive: true, force: true });
    mkdirSync(layout.logs, { recursive: true });
    writeState(layout, { layout, owner, kernelSettings: settingsBefore(), components: {} });
    return layout;
  }
  const taken = readClaims().map(({ stateFile, owner: { pid } }) => `${stateFile} (made by process ${pid})`);
  throw new Error(
    `this machine has room for ${SLOTS.length} clusters, and all are taken:\n  ${taken.join('\n  ')}\n` +
      'take one down, in its checkout: node e2e/cluster/main.ts down --name NAME',
  );
}

/** As they were before any cluster changed them. */
function settingsBefore(): Readonly<Record<string, string>> {
  const earlier = readClaims().find(({ state }) => state !== undefined)?.state;
  return earlier?.kernelSettings ?? readKernelSettings();
}

async function lay(layout: Layout): Promise<void> {
  makeCgroup(layout.id);
  await Promise.all([makeNetwork(layout), makePki(layout), writeConfiguration(layout)]);
}

async function waitForNode(layout: Layout): Promise<void> {
  const jsonpath = '{.status.conditions[?(@.type=="Ready")].status}';
  await until('the node is Ready', async () => {
    const status = await kubectl(layout, ['get', 'node', layout.nodeName, `-o=jsonpath=${jsonpath}`]);
    return status === 'True';
  });
  await until('pods get their service account', async () => {
    await kubectl(layout, ['get', 'serviceaccount', 'default', '--namespace=default']);
    return true;
  });
}

/** From now on the cluster outlives the run that made it. */
export function keep(layout: Layout): void {
  writeState(layout, { ...requireState(layout.name), owner: undefined });
}
