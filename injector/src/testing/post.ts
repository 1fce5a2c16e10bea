import { request, type Agent } from 'node:https';

export interface Reply {
  readonly status: number;
  readonly body: string;
}

export interface PostOptions {
  readonly port: number;
  readonly ca: string;
  readonly agent?: Agent;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
}

/** One HTTPS request with its body; resolves also when the answer comes before the body is out. */
export function post(body: string | Buffer, options: PostOptions): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const { port, ca, path = '/mutate', method = 'POST', headers = {}, agent } = options;
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        ca,
        path,
        method,
        ...(agent === undefined ? {} : { agent }),
        headers: { 'content-type': 'application/json', ...headers },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
        );
        response.on('error', reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** The JSON of a review of `object`. */
export function reviewOf(object: unknown, changes: Record<string, unknown> = {}): string {
  return JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'uid-1',
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      operation: 'CREATE',
      namespace: 'shop',
      userInfo: { username: 'system:serviceaccount:kube-system:replicaset-controller' },
      object,
      oldObject: null,
      dryRun: false,
      options: {},
      ...changes,
    },
  });
}
