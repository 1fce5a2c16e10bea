import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OVERRIDES } from '@lanekeeper/injector/decision/overrides';
import { readRedirectSettings } from '@lanekeeper/injector/redirect/options';
import { applied } from '@lanekeeper/injector/testing/apply-patch';
import { podOf } from '@lanekeeper/injector/testing/admission';
import { createCertificateFolder } from '@lanekeeper/injector/testing/certificate-folder';
import { makePair } from '@lanekeeper/runtime/testing/self-signed';
import { post, reviewOf, type Reply } from '@lanekeeper/injector/testing/post';
import type { Operation } from '@lanekeeper/injector/patch/json-patch';
import { INJECTOR_VARIABLES, VARIABLES } from '@lanekeeper/protocol/variables';
import { parseConfig } from '@lanekeeper/sidecar/config';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import { runToEnd, startProcess, type RunningProcess } from '../harness/process.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/injector/main.mjs', import.meta.url));

describe('the injector as a process', () => {
  const pair = makePair('injector');
  const certificates = createCertificateFolder(pair);
  const folder = mkdtempSync(join(tmpdir(), 'lanekeeper-injector-'));
  let injector: RunningProcess;
  let port: number;
  let status: string;

  beforeAll(async () => {
    const factsFile = join(folder, 'facts.json');
    const shop = { labels: { 'lanekeeper.io/injection': 'enabled' } };
    writeFileSync(factsFile, JSON.stringify({ nativeSidecars: true, namespaces: { shop, other: {} } }));
    injector = await startProcess({
      command: process.execPath,
      args: [PROGRAM],
      env: {
        [INJECTOR_VARIABLES.source]: 'file',
        [INJECTOR_VARIABLES.listen]: '127.0.0.1:0',
        [INJECTOR_VARIABLES.statusListen]: '127.0.0.1:0',
        [INJECTOR_VARIABLES.certificateFile]: certificates.certificateFile,
        [INJECTOR_VARIABLES.keyFile]: certificates.keyFile,
        [INJECTOR_VARIABLES.factsFile]: factsFile,
        [INJECTOR_VARIABLES.sidecarImage]: 'lanekeeper/sidecar:0.1.0',
        [INJECTOR_VARIABLES.redirectImage]: 'lanekeeper/redirect:0.1.0',
        [INJECTOR_VARIABLES.drainDelayMs]: '0',
      },
      ready: /"event":"ready"/,
    });
    const listening = /"webhook":"127.0.0.1:([0-9]+)","status":"([^"]+)"/.exec(injector.output());
    port = Number(listening?.[1]);
    status = `http://${listening?.[2]}`;
  });

  afterAll(async () => {
    await injector.stop();
    certificates.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const send = (body: string, agent?: Agent): Promise<Reply> =>
    post(body, { port, ca: pair.cert, ...(agent === undefined ? {} : { agent }) });

  async function admit(pod: object): Promise<AdmittedPod> {
    const { body } = await send(reviewOf(pod));
    const { response } = JSON.parse(body) as { response: { allowed: boolean; patch?: string } };
    expect(response.allowed, body).toBe(true);
    const operations = JSON.parse(Buffer.from(response.patch ?? '', 'base64').toString()) as Operation[];
    return applied(pod, operations) as AdmittedPod;
  }

  it('refuses a lane that cannot be, at a path of its own', async () => {
    const metadata = { name: 'gray', namespace: 'shop' };
    const spec = { match: [{ percent: 500 }] };
    const lane = { apiVersion: 'lanekeeper.io/v1alpha1', kind: 'Lane', metadata, spec };
    const { status: code, body } = await post(reviewOf(lane), { port, ca: pair.cert, path: '/validate' });
    expect(code).toBe(200);
    expect(JSON.parse(body)).toMatchObject({
      response: {
        allowed: false,
        status: {
          message:
            'spec: group is missing; spec.match[0].percent: expected a number from 0 to 100 with at most two decimals, found 500',
        },
      },
    });
    const metrics = await (await fetch(`${status}/metrics`)).text();
    expect(metrics).toContain('lanekeeper_validation_total{kind="Lane",result="refused"} 1');
  });

  it('gives a pod containers whose environment the sidecar and the redirection take as it is', async () => {
    const config = JSON.stringify(ONE_OF_EACH);
    const pod = await admit(
      podOf({
        labels: { app: 'b', 'lanekeeper.io/lane': 'gray' },
        annotations: {
          'lanekeeper.io/config': config,
          'lanekeeper.io/exclude-outbound-ports': '3306, 5432',
          'lanekeeper.io/exclude-outbound-cidrs': '2001:db8::/32',
        },
      }),
    );
    const [redirect, sidecar] = pod.spec.initContainers;
    expect(readRedirectSettings(environmentOf(redirect?.env ?? [], pod))).toMatchObject({
      excludeOutboundPorts: [3306, 5432],
      excludeOutboundCidrs: ['2001:db8::/32'],
    });
    expect(parseConfig(environmentOf(sidecar?.env ?? [], pod))).toMatchObject({
      workload: { app: 'b', lane: 'gray', namespace: 'shop', pod: 'b-x' },
      untaggedInbound: 'adopt',
      limits: { connectTimeoutMs: 3_000 },
    });
  });

  it('says over metrics and readiness what it does', async () => {
    await send(reviewOf(podOf(), { namespace: 'other' }));
    const metrics = await (await fetch(`${status}/metrics`)).text();
    expect(metrics).toContain('lanekeeper_injection_total{result="skipped",reason="not-asked-for"} 1');
    expect(metrics).toMatch(/lanekeeper_certificate_not_after_timestamp_seconds [0-9]{10}/);
    expect(await (await fetch(`${status}/ready`)).text()).toBe('ready\n');
    expect((await fetch(`${status}/live`)).status).toBe(200);
  });

  it('answers 50 pods a second; the latency is printed', async () => {
    const agent = new Agent({ keepAlive: true });
    const [perSecond, seconds] = [50, 4];
    const pods = Array.from({ length: perSecond * seconds }, (_, index) => reviewOf(busyPod(index)));
    // A replica in service has compiled its code and its callers have their connections.
    for (const body of pods) await send(body, agent);
    const latencies = await atRate(pods, perSecond, async (body) => {
      expect((await send(body, agent)).status).toBe(200);
    });
    agent.destroy();
    const at = (share: number): string => (latencies[Math.floor(latencies.length * share)] ?? 0).toFixed(1);
    process.stdout.write(`admission at ${perSecond} pods/s: median ${at(0.5)} ms, p99 ${at(0.99)} ms\n`);
    expect(latencies).toHaveLength(pods.length);
  });

  it('finishes on SIGTERM and ends with 0', async () => {
    expect(await injector.stop()).toBe(0);
    expect(injector.output()).toContain('"event":"closed"');
  });

  it('reports every mistake of its configuration and ends with 64', async () => {
    const env = {
      [INJECTOR_VARIABLES.source]: 'file',
      [INJECTOR_VARIABLES.listen]: 'https',
      [INJECTOR_VARIABLES.keyFile]: '/x',
    };
    const { code, output } = await runToEnd(process.execPath, [PROGRAM], { timeoutMs: 10_000, env });
    expect(code).toBe(64);
    for (const name of ['listen', 'certificateFile', 'factsFile', 'sidecarImage'] as const) {
      expect(output).toContain(INJECTOR_VARIABLES[name]);
    }
  });
});

describe('lanekeeper.io/config', () => {
  it('takes what the sidecar takes and refuses what it refuses', () => {
    const texts = [
      '-1',
      '0',
      '1',
      '1023',
      '1024',
      '10000',
      '10001',
      '1048577',
      '1000001',
      '3600001',
      '86400001',
    ];
    const others = ['0.5', 'adopt', 'debug', '127.0.0.1:80', 'none', '80,81', '65536', 'x'];
    for (const name of Object.keys(OVERRIDES) as (keyof typeof OVERRIDES)[]) {
      for (const text of [...texts, ...others]) {
        const taken = OVERRIDES[name].parse(text) !== undefined;
        expect(isTaken({ [VARIABLES[name]]: text }), `${name}=${text}`).toBe(taken);
      }
    }
  });
});

const ONE_OF_EACH = {
  connectTimeoutMs: 3000,
  tcpPorts: [3306, 6033],
  logLevel: 'debug',
  untaggedInbound: 'adopt',
};

interface AdmittedPod {
  readonly metadata: { readonly labels: Record<string, string> };
  readonly spec: { readonly initContainers: readonly { readonly env: readonly Variable[] }[] };
}

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly fieldRef: { readonly fieldPath: string } };
}

/** As the kubelet fills it: a label that is not there is empty. */
function environmentOf(env: readonly Variable[], pod: AdmittedPod): Record<string, string> {
  const fields: Record<string, string> = {
    'metadata.name': 'b-x',
    'metadata.namespace': 'shop',
    'status.podIP': '192.0.2.7',
  };
  const entries = env.map(({ name, value, valueFrom }) => {
    const path = valueFrom?.fieldRef.fieldPath ?? '';
    const label = /^metadata\.labels\['(.+)'\]$/.exec(path)?.[1];
    return [name, value ?? fields[path] ?? pod.metadata.labels[label ?? ''] ?? ''];
  });
  return Object.fromEntries(entries) as Record<string, string>;
}

function isTaken(env: Record<string, string>): boolean {
  try {
    parseConfig(env);
    return true;
  } catch {
    return false;
  }
}

/** A pod of usual size: some 15 KB. */
function busyPod(index: number): object {
  const env = Array.from({ length: 60 }, (_, at) => ({ name: `SETTING_${at}`, value: 'v'.repeat(80) }));
  const containers = ['app', 'helper', 'logs'].map((name) => ({ name, image: `${name}:1`, env }));
  return podOf({ labels: { app: `b-${index}`, 'lanekeeper.io/lane': 'gray' }, spec: { containers } });
}

/** Starts one every 1/perSecond s whatever the others do; resolves to the latencies in ms, ascending. */
async function atRate(
  bodies: readonly string[],
  perSecond: number,
  ask: (body: string) => Promise<void>,
): Promise<readonly number[]> {
  const begun = performance.now();
  const running: Promise<number>[] = [];
  await eventually('every pod sent', () => {
    const due = Math.min(bodies.length, Math.ceil(((performance.now() - begun) / 1000) * perSecond));
    for (const body of bodies.slice(running.length, due)) {
      const sent = performance.now();
      running.push(ask(body).then(() => performance.now() - sent));
    }
    return running.length === bodies.length;
  });
  return (await Promise.all(running)).sort((a, b) => a - b);
}
