import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { json } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { chainPath, trail, visitsOf } from '../harness/chain-app.ts';
import { eventually } from '../harness/eventually.ts';
import { loopbackAddress, startMesh, type Mesh } from '../harness/pods.ts';

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
}
interface Export {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly Span[] }[] }[];
}

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const CLIENT_SPAN = '00f067aa0ba902b7';
const SPEC = {
  gateway: {},
  pods: [
    { name: 'A', service: 'a' },
    { name: 'B', service: 'b', sidecar: false },
  ],
  config: { gateway: { routes: [{ hosts: ['*'], service: 'a' }] } },
};

describe('spans', () => {
  let mesh: Mesh | undefined;
  let collector: Server | undefined;
  afterEach(async () => {
    await mesh?.close();
    collector?.close();
    collector?.closeAllConnections();
    collector = undefined;
  });

  it('makes one chain of the gateway, the sidecars and what the application hands on', async () => {
    const spans: Span[] = [];
    const at = { address: loopbackAddress(), port: 21318 };
    collector = createServer((request, answer) => {
      void json(request).then((body) => {
        spans.push(
          ...(body as Export).resourceSpans.flatMap((one) => one.scopeSpans.flatMap((scope) => scope.spans)),
        );
        answer.end('{}');
      });
    }).listen(at.port, at.address);
    await once(collector, 'listening');
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://${at.address}:${at.port}` };
    mesh = await startMesh({ ...SPEC, environment });
    const answer = await mesh.send({
      path: chainPath(['b'], { forward: ['traceparent'] }),
      headers: { traceparent: `00-${TRACE}-${CLIENT_SPAN}-01`, tracestate: 'rojo=1' },
    });
    expect(trail(answer)).toBe('A B');
    await eventually('three spans', () => spans.length === 3);
    expect(spans.every((span) => span.traceId === TRACE)).toBe(true);
    const chain: string[] = [CLIENT_SPAN];
    for (let next = 0; next < 3; next += 1) {
      chain.push(spans.find((span) => span.parentSpanId === chain.at(-1))?.spanId ?? 'nobody');
    }
    const last = visitsOf(answer)[1]?.headers;
    expect(last?.['traceparent']).toBe(`00-${TRACE}-${chain.at(-1)}-01`);
  });

  it('serves on, and ends in time, while the collector is not there', async () => {
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://${loopbackAddress()}:21318` };
    mesh = await startMesh({ ...SPEC, environment });
    for (let turn = 0; turn < 20; turn += 1)
      expect(trail(await mesh.send({ path: chainPath(['b']) }))).toBe('A B');
    process.kill(mesh.gateway.process.pid, 'SIGTERM');
    expect(await mesh.gateway.process.exited).toBe(0);
  });
});
