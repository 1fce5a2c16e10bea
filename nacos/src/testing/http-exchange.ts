import type { IncomingHttpHeaders } from 'node:http';

export interface SeenRequest {
  readonly method: string;
  /** Without the context path. */
  readonly path: string;
  /** Of the query and of the form. */
  readonly params: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly atMs: number;
}

/** What is answered; status 0 as a Nacos without its console writes it, without a body. */
export interface FakeAnswer {
  readonly status: number;
  readonly body: string | Buffer;
  readonly contentType?: string;
}
