import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNetwork, v6Of, type Network, type Pod } from './netns/network.ts';
import { redirectTraffic } from './netns/redirect-program.ts';
import { skipsWithoutNamespaces } from './netns/requirements.ts';

const RECORDER = fileURLToPath(
  new URL('../../sidecar/src/listen/testdata/tell-original-destination.ts', import.meta.url),
);
const PROBE = fileURLToPath(new URL('netns/programs/probe.ts', import.meta.url));

/** In place of the sidecar, tellers of the original destination: what they say is what the rules did. */
describe.skipIf(skipsWithoutNamespaces())('redirection rules', () => {
  let network: Network;
  let pod: Pod;
  let peer: Pod;

  beforeAll(async () => {
    network = createNetwork();
    pod = network.addPod('pod', '192.0.2.10');
    peer = network.addPod('peer', '192.0.2.20');
    const v6 = (at: Pod, port: number): string => `[${v6Of(at.address)}]:${port}`;
    const listeners = ['127.0.0.1:15001', '0.0.0.0:15006', '[::1]:15001', '[::]:15006', '127.0.0.1:15000'];
    await pod.start([process.execPath, RECORDER, ...listeners, '0.0.0.0:15020'], {
      asProxy: true,
      ready: /listening/,
    });
    const application = ['0.0.0.0:8080', '0.0.0.0:22', v6(pod, 8080)];
    await pod.start([process.execPath, RECORDER, ...application], { ready: /listening/ });
    const ports = [53, 80, 3306, 15020].map((port) => `0.0.0.0:${port}`);
    await peer.start([process.execPath, RECORDER, ...ports, v6(peer, 80)], { ready: /listening/ });
  });

  afterAll(() => network.close());

  function ask(from: Pod, targets: readonly string[], asProxy = false): Record<string, string> {
    const answer: unknown = JSON.parse(from.run([process.execPath, PROBE, ...targets], { asProxy }));
    return answer as Record<string, string>;
  }

  it.each(['nft', 'legacy'])('redirects what it should and nothing else, by iptables-%s', (backend) => {
    // A rule that is there decides for its backend; it matches nothing that happens here.
    const foreign = '*nat\n-A OUTPUT -d 203.0.113.9/32 -p tcp -j ACCEPT\nCOMMIT\n';
    pod.run([`iptables-${backend}-restore`, '--noflush'], { input: foreign });
    const env = {
      LANEKEEPER_REDIRECT_EXCLUDE_INBOUND_PORTS: '22',
      LANEKEEPER_REDIRECT_EXCLUDE_OUTBOUND_PORTS: '3306',
      LANEKEEPER_REDIRECT_EXCLUDE_OUTBOUND_CIDRS: '203.0.113.0/24',
      LANEKEEPER_REDIRECT_IPV6: 'true',
    };
    expect(redirectTraffic(pod, { env })).toContain(`installed by iptables-${backend}-restore`);
    const once = pod.run([`iptables-${backend}-save`, '-t', 'nat']);
    redirectTraffic(pod, { env });
    const rulesOf = (saved: string): string[] => saved.split('\n').filter((line) => line.startsWith('-A'));
    expect(rulesOf(pod.run([`iptables-${backend}-save`, '-t', 'nat']))).toEqual(rulesOf(once));

    const peerV6 = `[${v6Of(peer.address)}]:80`;
    const podV6 = `[${v6Of(pod.address)}]:8080`;
    expect(
      ask(pod, [
        ...['192.0.2.20:80', '198.51.100.10:80', peerV6],
        ...['192.0.2.20:53', '192.0.2.20:3306', '192.0.2.20:15020'],
        ...['192.0.2.10:8080', '127.0.0.1:8080', '127.0.0.1:15000', podV6],
      ]),
    ).toEqual({
      '192.0.2.20:80': 'redirected from 192.0.2.20:80',
      '198.51.100.10:80': 'redirected from 198.51.100.10:80',
      [peerV6]: `redirected from ${peerV6}`,
      '192.0.2.20:53': 'direct',
      '192.0.2.20:3306': 'direct',
      '192.0.2.20:15020': 'direct',
      '192.0.2.10:8080': 'direct',
      '127.0.0.1:8080': 'direct',
      '127.0.0.1:15000': 'direct',
      [podV6]: 'direct',
    });
    expect(ask(pod, ['192.0.2.20:80', '192.0.2.10:8080', '127.0.0.1:8080', peerV6], true)).toEqual({
      '192.0.2.20:80': 'direct',
      '192.0.2.10:8080': 'direct',
      '127.0.0.1:8080': 'direct',
      [peerV6]: 'direct',
    });
    expect(
      ask(peer, ['192.0.2.10:8080', '192.0.2.10:22', '192.0.2.10:15020', '192.0.2.10:15000', podV6]),
    ).toEqual({
      '192.0.2.10:8080': 'redirected from 192.0.2.10:8080',
      '192.0.2.10:22': 'direct',
      '192.0.2.10:15020': 'direct',
      '192.0.2.10:15000': 'ECONNREFUSED',
      [podV6]: `redirected from ${podV6}`,
    });

    expect(redirectTraffic(pod, { args: ['--remove'], env })).toContain('removed');
    expect(ask(pod, ['192.0.2.20:80'])).toEqual({ '192.0.2.20:80': 'direct' });
    expect(rulesOf(pod.run([`iptables-${backend}-save`, '-t', 'nat']))).toEqual(rulesOf(foreign));
    pod.run([`iptables-${backend}-restore`, '--noflush'], { input: foreign.replace('-A', '-D') });
  });
});
