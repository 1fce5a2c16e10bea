import { createServer, type ServerResponse } from 'node:http';
import { METRICS_CONTENT_TYPE, type Metrics } from '@lanekeeper/runtime/metrics';
import type { Finding } from '../probe/finding.ts';
import type { Prober } from '../probe/prober.ts';
import { closeServer, listenOn, type SmallServer } from './http-server.ts';

export interface StatusDeps {
  readonly metrics: Pick<Metrics, 'expose'>;
  /** Why no traffic should come now (`starting`, `draining`); empty: ready. */
  readonly notReady: () => readonly string[];
  readonly prober: Prober;
}

/** What kubelet and Prometheus ask for, on the pod's address: nothing here can be changed and nothing of a request is shown. */
export function createStatusServer(deps: StatusDeps): SmallServer {
  const answers: Readonly<Record<string, (response: ServerResponse) => void>> = {
    '/live': (response) => sendText(response, 200, 'live\n'),
    '/ready': (response) => sendReady(response, deps.notReady()),
    '/metrics': (response) => {
      response.writeHead(200, { 'content-type': METRICS_CONTENT_TYPE }).end(deps.metrics.expose());
    },
  };
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const answer = Object.hasOwn(answers, path) ? answers[path] : undefined;
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      sendText(response, 405, 'only GET\n');
    } else if (answer !== undefined) {
      answer(response);
    } else {
      sendFinding(response, deps.prober.ask(path), [...Object.keys(answers), ...deps.prober.paths]);
    }
  });
  return { listen: (at) => listenOn(server, at), close: () => closeServer(server) };
}

function sendReady(response: ServerResponse, reasons: readonly string[]): void {
  if (reasons.length === 0) sendText(response, 200, 'ready\n');
  else sendText(response, 503, `not ready: ${reasons.join('; ')}\n`);
}

function sendFinding(
  response: ServerResponse,
  asked: Promise<Finding> | undefined,
  paths: readonly string[],
): void {
  if (asked === undefined) sendText(response, 404, `there are: ${paths.join(', ')}\n`);
  else {
    void asked.then(({ isHealthy, sentence }) => sendText(response, isHealthy ? 200 : 503, `${sentence}\n`));
  }
}

function sendText(response: ServerResponse, status: number, text: string): void {
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' };
  response.writeHead(status, headers).end(text);
}
