import type { EdgeHandling } from '../../exchange/exchange.ts';
import { ProxyError } from '../../proxy-error.ts';
import type { Copies } from './copies.ts';

export interface EdgeWorkOptions {
  readonly edge: EdgeHandling;
  /** A bound of time has passed; retryable where it was one attempt's and the request can be sent again. */
  readonly timedOut: (error: ProxyError) => void;
  /** More of the body has come than is allowed. */
  readonly tooLarge: (error: ProxyError) => void;
  readonly isRepeatable: boolean;
  /** Made when the request begins. */
  readonly copies: () => Copies | undefined;
}

/** Whether a route wants anything while a request is on its way; most want none of it, and pay for none. */
export function wantsWork(edge: EdgeHandling | undefined): edge is EdgeHandling {
  if (edge === undefined) return false;
  const { maxBodyBytes, requestTimeoutMs, attemptTimeoutMs, mirrors } = edge;
  return (maxBodyBytes ?? requestTimeoutMs ?? attemptTimeoutMs ?? mirrors) !== undefined;
}

/** What a gateway's route wants while a request is on its way: bounds of time and size, and copies. */
export class EdgeWork {
  readonly #options: EdgeWorkOptions;
  #copies: Copies | undefined;
  #bytes = 0;
  #request: NodeJS.Timeout | undefined;
  #attempt: NodeJS.Timeout | undefined;

  constructor(options: EdgeWorkOptions) {
    this.#options = options;
  }

  /** The route says how long to wait, so the general bound does not count. */
  get hasTimes(): boolean {
    const { attemptTimeoutMs, requestTimeoutMs } = this.#options.edge;
    return attemptTimeoutMs !== undefined || requestTimeoutMs !== undefined;
  }

  /** Set where the announced length alone is too much. */
  refuses(contentLength: string | undefined): ProxyError | undefined {
    const { maxBodyBytes } = this.#options.edge;
    const isTooLarge =
      maxBodyBytes !== undefined && contentLength !== undefined && Number(contentLength) > maxBodyBytes;
    return isTooLarge ? tooLarge(maxBodyBytes) : undefined;
  }

  /** The request is let in. */
  begin(): void {
    const { edge, copies, timedOut } = this.#options;
    const { requestTimeoutMs = 0 } = edge;
    this.#copies = copies();
    if (requestTimeoutMs === 0) return;
    this.#request = setTimeout(
      () =>
        timedOut(new ProxyError('request-timeout', `The request took longer than ${requestTimeoutMs} ms.`)),
      requestTimeoutMs,
    );
  }

  attempt(): void {
    const { edge, isRepeatable, timedOut } = this.#options;
    const { attemptTimeoutMs = 0 } = edge;
    clearTimeout(this.#attempt);
    if (attemptTimeoutMs === 0) return;
    this.#attempt = setTimeout(() => {
      const message = `The upstream did not answer within ${attemptTimeoutMs} ms.`;
      timedOut(new ProxyError('response-timeout', message, { retryable: isRepeatable }));
    }, attemptTimeoutMs);
  }

  /** Some of the request's body came. False: it is too much, and was told so; the chunk goes nowhere. */
  chunk(bytes: Buffer): boolean {
    const { maxBodyBytes } = this.#options.edge;
    this.#bytes += bytes.length;
    if (maxBodyBytes !== undefined && this.#bytes > maxBodyBytes) {
      this.#options.tooLarge(tooLarge(maxBodyBytes));
      return false;
    }
    // Whoever still uploads is not waiting for an answer.
    this.#attempt?.refresh();
    this.#copies?.write(bytes);
    return true;
  }

  /** The request is sent to its end. */
  sent(): void {
    this.#copies?.end();
  }

  /** The head of the response came. */
  answered(): void {
    clearTimeout(this.#attempt);
  }

  /** The connection speaks another protocol from here on: a request's bounds are not its. */
  switched(): void {
    this.over();
  }

  /** The exchange has ended. Copies that are not whole by now are given up; the others go on. */
  over(): void {
    clearTimeout(this.#attempt);
    clearTimeout(this.#request);
    this.#copies?.drop();
  }
}

function tooLarge(maxBodyBytes: number): ProxyError {
  return new ProxyError(
    'body-too-large',
    `The request's body is larger than the ${maxBodyBytes} bytes that are allowed here.`,
  );
}
